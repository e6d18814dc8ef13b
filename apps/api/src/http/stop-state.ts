import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

function closeConnectionAfter(_request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

/** Whether this process is being stopped. It still responds to requests then, so that a balancer has time to notice. */
@Injectable()
export class StopState {
  private hasBegun = false;

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  /** Whether {@link begin} was called. */
  get isStopping(): boolean {
    return this.hasBegun;
  }

  /** From now on the process is not ready, and every response closes its connection. */
  begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const server = this.adapterHost.httpAdapter.getHttpServer() as Server;
    for (const event of ['request', 'checkContinue']) server.prependListener(event, closeConnectionAfter);
  }
}
