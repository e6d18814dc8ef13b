import Client from 'fivebeans/lib/client.js';

/** fivebeans with the command `reserve-job`, and with an error event instead of an exception that no caller can catch. */
export class CompleteClient extends Client {
  /** Calls back as `reserve` does: fivebeans reads the reply; only the line that is sent is ours. */
  reserve_job(jobId: string, done: Client.Callback): void {
    const stream = { write: () => this.stream.write(`reserve-job ${jobId}\r\n`) };
    super.reserve_with_timeout.call({ handlers: this.handlers, stream }, 0, done);
  }

  /** fivebeans throws inside the socket's event when a reply is not YAML. */
  override tryHandlingResponse(): void {
    try {
      super.tryHandlingResponse();
    } catch (error) {
      this.emit('error', error);
    }
  }
}
