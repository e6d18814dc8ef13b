/** How bad a finding is. `warning`: the service works, but not for long or not for all accounts. `error`: it does not work. */
export type FindingLevel = 'ok' | 'warning' | 'error';

/** What one check found, for the operator. It contains no secret and no e-mail address. */
export interface Finding {
  /** Names the check, e.g. `database`. */
  readonly check: string;
  readonly level: FindingLevel;
  /** What the finding is about: a host, a tube, an account; null for the whole service. */
  readonly subject: string | null;
  /** What is the case, in one sentence. */
  readonly message: string;
  /** What to do, in one sentence; null when nothing is to be done. */
  readonly remedy: string | null;
}

interface Details {
  readonly subject?: string | undefined;
  readonly message: string;
  readonly remedy: string;
}

/** Makes the finding of a check that found nothing wrong. */
export const ok = (check: string, message: string, subject?: string): Finding => ({
  check,
  level: 'ok',
  subject: subject ?? null,
  message,
  remedy: null,
});

/** Makes a finding that a human must act on. */
export const problem = (check: string, level: Exclude<FindingLevel, 'ok'>, { subject, message, remedy }: Details): Finding => ({
  check,
  level,
  subject: subject ?? null,
  message,
  remedy,
});
