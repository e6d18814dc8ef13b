import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Documented } from '../docs/documented.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { NoEnvelope } from '../http/envelope.js';
import { EventStream } from './event-stream.js';
import { LiveChanges } from './live-changes.js';

/** Sends what changes, as server-sent events. The client sends the header `Authorization`, so it uses `fetch`, not `EventSource`. */
@Controller('operations/stream')
export class StreamController {
  constructor(private readonly changes: LiveChanges) {}

  @Get()
  @Audience('operator')
  @NoEnvelope()
  @Documented({
    summary: 'Sends what changes, as server-sent events',
    content: { 'text/event-stream': { type: 'string' } },
    errors: ['too_many_streams'],
    example: {},
  })
  open(@Res() reply: FastifyReply): void {
    this.changes.assertFree();
    const client = new EventStream(reply.raw);
    reply.raw.once('close', () => this.changes.remove(client));
    // The response goes on after the handler. X-Accel-Buffering: nginx would keep the events back.
    reply.hijack();
    const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' };
    reply.raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...headers });
    reply.raw.flushHeaders();
    this.changes.add(client);
  }
}
