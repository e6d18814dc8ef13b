import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { InvalidInputError } from '#domain';
import { packWidget, readWidgetFiles } from '#widget';

/** The archive of the widget for this service. It contains the public URL and no secret. */
@Injectable()
export class WidgetZip {
  private archive: Promise<Buffer> | undefined;

  constructor(private readonly config: Config) {}

  /** Packs the archive once. Throws InvalidInputError `not_found` when the widget is not built. */
  async read(): Promise<Buffer> {
    this.archive ??= this.pack();
    try {
      return await this.archive;
    } catch (cause) {
      this.archive = undefined;
      throw new InvalidInputError('The widget is not built: run npm run build', { code: 'not_found', cause });
    }
  }

  private async pack(): Promise<Buffer> {
    return Buffer.from(packWidget(await readWidgetFiles(), this.config.publicUrl));
  }
}
