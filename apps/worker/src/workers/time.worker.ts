import type { JobPayload, Logger } from '#domain';
import { TubeWorker } from '#queue';

/** The predecessor's demonstration: prints the time that a job carries. */
export class TimeWorker extends TubeWorker<'times'> {
  readonly tube = 'times';

  constructor(private readonly logger: Logger) {
    super();
  }

  async process(payload: JobPayload<'times'>): Promise<void> {
    this.logger.info(`It is ${payload.time}`);
  }
}
