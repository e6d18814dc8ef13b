import { SetMetadata } from '@nestjs/common';

/** What a handler returns when data alone does not say it: another status, or a message. */
export class ApiResult<T = unknown> {
  constructor(
    readonly data: T,
    readonly options: { readonly code?: number; readonly message?: string } = {},
  ) {}
}

/** The form of every JSON answer, as in the service's predecessors. */
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

export const NO_ENVELOPE = 'api:bare';

/** The answer leaves as it is, without the envelope: health, metrics, pages and files. */
export const NoEnvelope = () => SetMetadata(NO_ENVELOPE, true);
