import { useSyncExternalStore } from 'react';
import { ApiError, type ApiRequest, request, send } from './client.js';

/** Why there is no session. */
export type SignedOutReason = 'none' | 'signed_out' | 'refused';

interface Session {
  readonly token: string | undefined;
  readonly reason: SignedOutReason;
}

const KEY = 'console.operator-token';

function readStored(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function store(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch {
    // The browser forbids storage: the token stays in memory.
  }
}

let session: Session = { token: readStored(), reason: 'none' };
const listeners = new Set<() => void>();

function change(next: Session): void {
  session = next;
  store(next.token);
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The session of this tab. The token is in memory and in `sessionStorage`, and in no URL. */
export const useSession = (): Session => useSyncExternalStore(subscribe, () => session);

/** Tries the token. Throws ApiError 401 when the service refuses it. */
export async function signIn(token: string): Promise<void> {
  await request(token, 'operations/pauses');
  change({ token, reason: 'none' });
}

/** Forgets the token. */
export function signOut(reason: SignedOutReason = 'signed_out'): void {
  if (session.token !== undefined) change({ token: undefined, reason });
}

const getToken = (): string => {
  if (session.token === undefined) throw new ApiError('Sign in first', 401, 'operator_required');
  return session.token;
};

const endOnRefusal = (status: number, code: string) => {
  if (status === 401 && code === 'operator_required') signOut('refused');
};

/** Sends a request with the token of the session. A refused token ends the session. Throws ApiError. */
export async function call<Data>(path: string, options: ApiRequest = {}): Promise<Data> {
  try {
    return await request<Data>(getToken(), path, options);
  } catch (error) {
    if (error instanceof ApiError) endOnRefusal(error.status, error.code);
    throw error;
  }
}

/** As {@link call}, for a response that is no envelope. Throws ApiError for a response that is no success. */
export async function callRaw(path: string, options: ApiRequest = {}): Promise<Response> {
  const response = await send(getToken(), path, options);
  if (response.ok) return response;
  if (response.status === 401) signOut('refused');
  throw new ApiError(`Unexpected response ${response.status}`, response.status, 'unexpected');
}
