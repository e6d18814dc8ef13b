import { statfs } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import type { DiskSpace } from '#domain';

/** Reads how much space the disk of DATA_DIR has. */
@Injectable()
export class DiskProbe {
  constructor(private readonly config: Config) {}

  /** Returns the space that this process may use; undefined where there is no DATA_DIR. Never throws. */
  async read(): Promise<DiskSpace | undefined> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.config.dataDir);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch {
      return undefined;
    }
  }
}
