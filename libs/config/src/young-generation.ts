import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's memory for new objects at 1 MiB, from the next collection on. What a program loads at its start lives on: the memory would
 * grow to 32 MiB, and stay so at rest.
 */
export function holdYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** Ends {@link holdYoungGeneration}: under load, the memory grows as V8 decides. */
export function releaseYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
}
