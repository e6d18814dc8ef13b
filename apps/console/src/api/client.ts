/** A field of a request and what is wrong with it. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

/** A response that is no success. `status` is 0 when no response came. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly fields: readonly FieldProblem[] = [],
    readonly runId: string | undefined = undefined,
  ) {
    super(message);
  }

  /** Whether no response came: the service or the network is down. */
  get isOffline(): boolean {
    return this.status === 0;
  }
}

interface Envelope {
  readonly data: unknown;
  readonly message: string;
}

interface ErrorData {
  readonly error?: string;
  readonly fields?: readonly FieldProblem[];
  readonly run_id?: string;
}

/** A request of the API. */
export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** The console is under `<base>/console/`; the API is under `<base>/`. */
const base = new URL('../', document.baseURI);

/** The URL of a path of the API, without its first slash. */
export function toUrl(path: string, query: ApiRequest['query'] = {}): URL {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
  }
  return url;
}

/** Sends a request with the token. Throws ApiError only when no response comes. */
export async function send(token: string, path: string, { method = 'GET', query, body, signal }: ApiRequest = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  try {
    return await fetch(toUrl(path, query), {
      method,
      headers,
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('The service does not respond', 0, 'offline');
  }
}

async function readEnvelope(response: Response): Promise<Envelope> {
  try {
    return (await response.json()) as Envelope;
  } catch {
    throw new ApiError(`Unexpected response ${response.status}`, response.status, 'unexpected');
  }
}

/** Throws the ApiError of a response that is no success. */
export async function refuse(response: Response): Promise<never> {
  const { data, message } = await readEnvelope(response);
  const { error = 'unexpected', fields = [], run_id } = (data ?? {}) as ErrorData;
  throw new ApiError(message, response.status, error, fields, run_id);
}

/** Sends a request. Returns `data` of the envelope. Throws ApiError. */
export async function request<Data>(token: string, path: string, options: ApiRequest = {}): Promise<Data> {
  const response = await send(token, path, options);
  if (!response.ok) return refuse(response);
  return (await readEnvelope(response)).data as Data;
}
