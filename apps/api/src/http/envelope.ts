import { SetMetadata } from '@nestjs/common';

/** A handler returns it to set the HTTP status (`code`) or the message beside the data. A handler without such a need returns plain data. */
export class ApiResult<T = unknown> {
  constructor(
    readonly data: T,
    readonly options: { readonly code?: number; readonly message?: string } = {},
  ) {}
}

/** The shape of every JSON response, as in the predecessors. `code` is the HTTP status. */
export interface Envelope {
  readonly status: 'success' | 'error';
  readonly data: unknown;
  readonly code: number;
  readonly message: string;
}

export const toSuccess = (data: unknown, code: number, message = ''): Envelope => ({
  status: 'success',
  data: data ?? null,
  code,
  message,
});

export const toError = (data: unknown, code: number, message: string): Envelope => ({ status: 'error', data: data ?? null, code, message });

export const NO_ENVELOPE = 'api:no-envelope';

/** Sends what the handler returns as it is, without the envelope: for health, metrics, pages and files. */
export const NoEnvelope = () => SetMetadata(NO_ENVELOPE, true);
