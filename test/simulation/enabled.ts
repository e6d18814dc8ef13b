import { type Enabled, stepKinds } from './history.js';

/** What histories may contain. */
export const enabled: Enabled = { steps: stepKinds, twoAccounts: true, skew: true };

/** Problems of the present service. Remove each one with its fix. */
export const knownProblems: readonly RegExp[] = [];
