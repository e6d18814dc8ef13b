import type { ReactNode } from 'react';
import type { Tone } from '../text/codes.js';

/** A state in one or two words. The sign differs too, so that the colour is not needed. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return <span className={`badge badge--${tone}`}>{children}</span>;
}
