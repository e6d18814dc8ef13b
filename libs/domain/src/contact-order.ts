import type { ContactChange } from './contact-change.js';

/** What the mirror knows of the contact that a change is about. */
export interface MirrorVersion {
  readonly gone: boolean;
  /** Kommo's modification time, seconds; 0 when never told. */
  readonly modifiedAtSeconds: number;
  readonly contentHash: string;
  /** When the mirror took this version, epoch ms. */
  readonly savedAtMs: number;
}

/** `apply` it, `skip` it (old or known), or `reread` the contact from Kommo because it cannot be ordered. */
export type ChangeDecision = 'apply' | 'skip' | 'reread';

/**
 * Decides what one delivered change means for the mirror (DESIGN.md 7).
 *
 * Hooks come twice, late and out of order and carry seconds only (reference/kommo.md 5.5). A delete carries no time, a
 * restore may follow a newer delete, and a contact held as gone may be back: those are settled by asking Kommo.
 */
export function decideChange(change: ContactChange, contentHash: string | undefined, mirror: MirrorVersion | undefined): ChangeDecision {
  const modifiedAt = change.snapshot?.modifiedAtSeconds;
  if (change.entityType === undefined || change.action === 'delete' || change.action === 'restore') return 'reread';
  if (modifiedAt === undefined || mirror?.gone) return 'reread';
  if (!mirror || modifiedAt > mirror.modifiedAtSeconds) return 'apply';
  if (modifiedAt < mirror.modifiedAtSeconds || contentHash === mirror.contentHash) return 'skip';
  return 'reread';
}
