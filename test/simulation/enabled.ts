import { type Enabled, stepKinds } from './history.js';

/** What histories may contain. The list grows with what the service promises. */
export const enabled: Enabled = { steps: stepKinds, twoAccounts: true, skew: true };

/** Problems of the present service. Remove each one with its fix. */
export const knownProblems: readonly RegExp[] = [
  /^removal: \S+ was deleted while another account keeps it on its list/,
  /^removal: \S+ was deleted while it was on list \d+, which is not ours/,
  /^removal: \S+ was deleted, and the service had not created it/,
  /^removal: the value of \S+ of \S+ was erased, and the service had not written it/,
  /^removal: \d+ of \d+ addresses of account \d+ were removed without a confirmation/,
  /^consent: \S+ was deleted although the service knew that it refused/,
  /^consent: \S+ receives mail of account \d+ again/,
  /^sync: \S+ is still on list \d+ of account/,
  /^consent: \S+ was sent to list \d+ although an event had said that it refused/,
  /^sync: \S+ is not on list \d+ of account/,
  /^sync: \S+ of \S+ is ".*", not ".*"/,
];
