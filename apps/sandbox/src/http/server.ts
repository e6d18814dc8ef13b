import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { jsonReply, type IncomingCall, type Reply } from './message.js';

export type CallHandler = (call: IncomingCall) => Promise<Reply>;

/** The sandbox's one HTTP port. */
export class HttpFront {
  private readonly server: Server;

  constructor(private readonly handle: CallHandler) {
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  /** Resolves to the port in use; port 0 takes a free one. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await writeReply(response, await this.answer(await readCall(request)));
    } catch {
      response.destroy();
    }
  }

  private async answer(call: IncomingCall): Promise<Reply> {
    try {
      return await this.handle(call);
    } catch (error) {
      return jsonReply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 500);
    }
  }
}

async function readCall(request: IncomingMessage): Promise<IncomingCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = request.url ?? '/';
  const question = url.indexOf('?');
  const authority = request.headers.host ?? '';
  return {
    method: request.method ?? 'GET',
    host: authority.replace(/:\d+$/, '').toLowerCase(),
    authority,
    path: question < 0 ? url : url.slice(0, question),
    query: question < 0 ? '' : url.slice(question + 1),
    headers: request.headers,
    body: Buffer.concat(chunks),
    remoteAddress: request.socket.remoteAddress ?? '',
  };
}

async function writeReply(response: ServerResponse, reply: Reply): Promise<void> {
  if (reply.breakage === 'hang') return;
  if (reply.breakage === 'reset') return void response.destroy();
  if (reply.breakage === 'half') return writeHalf(response, reply);
  if (reply.body instanceof Readable) {
    response.writeHead(reply.status, reply.headers);
    return pipeline(reply.body, response);
  }
  const length = reply.status === 204 ? {} : { 'content-length': String(Buffer.byteLength(reply.body)) };
  response.writeHead(reply.status, { ...reply.headers, ...length });
  response.end(reply.body);
}

function writeHalf(response: ServerResponse, reply: Reply): void {
  const whole = reply.body instanceof Readable ? Buffer.from('{"result":[') : Buffer.from(reply.body);
  response.writeHead(reply.status, { ...reply.headers, 'content-length': String(Math.max(whole.length, 2)) });
  response.write(whole.subarray(0, Math.max(1, whole.length >> 1)), () => response.destroy());
}
