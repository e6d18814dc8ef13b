import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '#domain';

interface OutboundCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

/** The result of a call: a response, no response in time, or no connection. */
export type OutboundResult = { kind: 'responded'; status: number } | { kind: 'timeout' } | { kind: 'unreachable'; reason: string };

/** Sends one call. Never rejects. */
export type SendOutbound = (call: OutboundCall) => Promise<OutboundResult>;

/** Creates a sender. It sends exactly the given headers (plus Host and Connection) and measures time-outs with `clock`. */
export function createOutbound(clock: Clock): SendOutbound {
  return async (call) => {
    const limit = new AbortController();
    const finished = new AbortController();
    clock.sleep(call.timeoutMs, finished.signal).then(
      () => limit.abort(),
      () => undefined,
    );
    const result = await attempt(call, limit.signal);
    finished.abort();
    return limit.signal.aborted ? { kind: 'timeout' } : result;
  };
}

function attempt(call: OutboundCall, signal: AbortSignal): Promise<OutboundResult> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve({ kind: 'unreachable', reason: error instanceof Error ? error.message : String(error) });
    try {
      const open = call.url.startsWith('https:') ? httpsRequest : httpRequest;
      const request = open(call.url, { method: call.method, headers: call.headers, signal, agent: false });
      request.on('error', fail);
      request.on('response', (response) => {
        response.on('error', fail);
        response.on('end', () => resolve({ kind: 'responded', status: response.statusCode ?? 0 }));
        response.resume();
      });
      request.end(call.body);
    } catch (error) {
      fail(error);
    }
  });
}
