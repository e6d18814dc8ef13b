import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { expect } from '@jest/globals';
import type { VendorRefusal } from '#domain';

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query as they were on the wire. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type StubResponse = (request: ReceivedRequest, response: ServerResponse, socket: Socket) => void;

export interface StubVendor {
  readonly origin: URL;
  readonly requests: ReceivedRequest[];
  /** Sets the responses to the next requests, in order. The last one is repeated. */
  respondWith(...responses: StubResponse[]): void;
  close(): Promise<void>;
}

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

export const json =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): StubResponse =>
  (_request, response) =>
    response.writeHead(status, { ...JSON_TYPE, ...headers }).end(JSON.stringify(body));

export const text =
  (body: string | Buffer, status = 200, headers: Readonly<Record<string, string>> = {}): StubResponse =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

export const noContent: StubResponse = (_request, response) => response.writeHead(204).end();

export const silence: StubResponse = () => {};

export const reset: StubResponse = (_request, _response, socket) => socket.resetAndDestroy();

/** Announces a longer body than it sends. */
export const halfBody =
  (body: string | Buffer): StubResponse =>
  (_request, response, socket) => {
    const bytes = Buffer.from(body);
    response.writeHead(200, { ...JSON_TYPE, 'Content-Length': String(bytes.length * 2) });
    response.write(bytes, () => socket.destroy());
  };

/** Ends the body with the connection, as HTTP/1.0 does: nothing announces its length. */
export const unannounced =
  (body: string | Buffer): StubResponse =>
  (_request, _response, socket) => {
    socket.write('HTTP/1.0 200 OK\r\n\r\n');
    socket.end(body);
  };

/** Sends a piece of a body again and again. */
export const drip =
  (piece: string, everyMs: number): StubResponse =>
  (_request, response, socket) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(piece), everyMs);
    socket.once('close', () => clearInterval(timer));
  };

/** Sends the start of a body and then nothing. */
export const stall =
  (body: string): StubResponse =>
  (_request, response) => {
    response.writeHead(200, JSON_TYPE);
    response.write(body);
  };

async function readRequest(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? '/', 'http://stub');
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** Starts a server with prepared responses that records its requests. */
export async function startStubVendor(): Promise<StubVendor> {
  const requests: ReceivedRequest[] = [];
  let responses: StubResponse[] = [];
  const server = createServer((request, response) => {
    void readRequest(request).then((received) => {
      requests.push(received);
      const respond = responses.length > 1 ? responses.shift() : responses[0];
      if (respond) respond(received, response, request.socket);
      else response.writeHead(599).end('no response is prepared');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    requests,
    respondWith: (...given) => {
      responses = given;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A limiter without limits that records the acquired keys and the pauses. */
export function recordingLimiter() {
  const acquired: (readonly string[])[] = [];
  const paused: (readonly [string, VendorRefusal])[] = [];
  const resumed: string[] = [];
  return {
    acquired,
    paused,
    resumed,
    acquire: async (keys: readonly string[]) => void acquired.push(keys),
    pause: async (key: string, refusal: VendorRefusal) => void paused.push([key, refusal]),
    resume: async (key: string) => void resumed.push(key),
  };
}

/** Returns the error of a promise that must reject. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise did not reject');
}

/** What a failure of a client must be, and what it must not show. */
interface ExpectedFailure {
  readonly kind: new (...args: never[]) => Error;
  readonly properties: object;
  readonly secret: string;
}

/** Expects a call that reaches the vendor once and fails without showing the secret. */
export async function expectOneFailure(vendor: StubVendor, call: Promise<unknown>, expected: ExpectedFailure): Promise<void> {
  const error = await failureOf(call);
  expect(error).toBeInstanceOf(expected.kind);
  expect(error).toMatchObject(expected.properties);
  expect(inspect(error, { depth: 12, showHidden: true })).not.toContain(expected.secret);
  expect(vendor.requests).toHaveLength(1);
}
