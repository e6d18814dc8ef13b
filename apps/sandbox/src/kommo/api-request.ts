import type { IncomingCall, HttpResponse } from '../http/message.js';
import type { PathParams } from '../http/router.js';
import type { KommoAccount } from './account.js';
import type { Grant } from './oauth-server.js';

/** An authenticated call to `/api/v4`, with the segments of its path. */
export interface ApiRequest {
  readonly call: IncomingCall;
  readonly account: KommoAccount;
  readonly grant: Grant;
  readonly params: PathParams;
}

/** Handles an authenticated call. */
export type ApiHandler = (request: ApiRequest) => HttpResponse;
