import { type ErrorCode, TransientError, hasErrorCode } from '#domain';

const ATTEMPTS = 10;

/** Another request has changed what a save of this one was prepared with. */
export const accountChanged = (accountId: number): TransientError =>
  new TransientError(`Account ${accountId} was changed at the same time: send the request again`, {
    code: 'account_changed',
    retryAfterMs: 1_000,
  });

/** Does `work` again, ten times in all, while another request is faster and `work` throws an error with this code. */
export async function repeatAfterRace<Result>(code: ErrorCode, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!hasErrorCode(error, code) || attempt === ATTEMPTS) throw error;
    }
  }
}
