import Client from 'fivebeans/lib/client.js';

/** fivebeans with the command it lacks, and an error instead of an exception nobody can catch. */
export class CompleteClient extends Client {
  /** Answers as `reserve` does: fivebeans reads the reply, only the line that is sent is ours. */
  reserve_job(jobId: string, done: Client.Callback): void {
    const stream = { write: () => this.stream.write(`reserve-job ${jobId}\r\n`) };
    super.reserve_with_timeout.call({ handlers: this.handlers, stream }, 0, done);
  }

  /** A reply that is no YAML throws inside the socket's event. */
  override tryHandlingResponse(): void {
    try {
      super.tryHandlingResponse();
    } catch (error) {
      this.emit('error', error);
    }
  }
}
