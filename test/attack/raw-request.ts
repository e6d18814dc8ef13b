import { request } from 'node:http';

/** A request as an attacker writes it. */
export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What came back. */
export interface RawResponse {
  /** 0 when the connection ended without a response. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The time from the first byte of the request to the last byte of the response. */
  readonly ms: number;
}

const WITHIN_MS = 120_000;

/** Sends one request on a connection of its own. Never rejects. */
export function sendRaw(port: number, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<RawResponse> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    let text = '';
    const end = (status: number, responseHeaders: RawResponse['headers'] = {}) =>
      resolve({ status, headers: responseHeaders, text, ms: performance.now() - startedMs });
    const sending = request({ host: '127.0.0.1', port, method, path, headers, agent: false, timeout: WITHIN_MS }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('close', () => end(response.statusCode ?? 0, response.headers));
    });
    sending.on('timeout', () => sending.destroy());
    sending.on('error', () => end(0));
    sending.end(body);
  });
}
