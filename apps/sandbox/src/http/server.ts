import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { jsonResponse, type IncomingCall, type HttpResponse } from './message.js';

/** Longer than clients keep an idle connection: the server never closes one that a client is about to use. */
const KEEP_ALIVE_MS = 75_000;

/** Turns a request into a response. */
export type CallHandler = (call: IncomingCall) => Promise<HttpResponse>;

/** The HTTP server of the sandbox: one port for both vendors and the control API. */
export class HttpServer {
  private readonly server: Server;

  constructor(private readonly handle: CallHandler) {
    this.server = createServer((request, output) => void this.serve(request, output));
    this.server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  /** Starts listening and returns the port. Port 0 selects a free one. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  /** Closes all connections and stops listening. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, output: ServerResponse): Promise<void> {
    try {
      await writeResponse(output, await this.respond(await readCall(request)));
    } catch {
      output.destroy();
    }
  }

  private async respond(call: IncomingCall): Promise<HttpResponse> {
    try {
      return await this.handle(call);
    } catch (error) {
      return jsonResponse({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 500);
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

async function writeResponse(output: ServerResponse, response: HttpResponse): Promise<void> {
  if (response.breakage === 'hang') return;
  if (response.breakage === 'reset') return void output.destroy();
  if (response.breakage === 'half') return writeHalf(output, response);
  if (response.body instanceof Readable) {
    output.writeHead(response.status, response.headers);
    return pipeline(response.body, output);
  }
  const length = response.status === 204 ? {} : { 'content-length': String(Buffer.byteLength(response.body)) };
  output.writeHead(response.status, { ...response.headers, ...length });
  output.end(response.body);
}

function writeHalf(output: ServerResponse, response: HttpResponse): void {
  const whole = response.body instanceof Readable ? Buffer.from('{"result":[') : Buffer.from(response.body);
  output.writeHead(response.status, { ...response.headers, 'content-length': String(Math.max(whole.length, 2)) });
  output.write(whole.subarray(0, Math.max(1, whole.length >> 1)), () => output.destroy());
}
