import { ServiceError } from '#domain';
import type { Parser } from './parsers.js';

/** The processor time of a parser, and how it grows when the input doubles. */
export interface Growth {
  /** Undefined when the time for the largest input is so short that its growth does not matter. */
  readonly halfMs: number | undefined;
  readonly fullMs: number;
  readonly isLinear: boolean;
}

/** Twice the input may take this many times as long. */
const MAX_GROWTH = 2.5;
/** 4 MB in 60 ms: on a busy machine a shorter time is mostly noise. */
const FAST_NS_PER_BYTE = 15;
const FAST_MS = 2;
/** 4 MB in 2 s. */
const MAX_NS_PER_BYTE = 500;
const MAX_TRIES = 12;

async function cpuMsOf(parser: Parser, input: Buffer): Promise<number> {
  const start = process.cpuUsage();
  try {
    await parser.parse(input);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

/**
 * Measures a parser at its largest input, and at half of it when that is slow. Takes the shortest of several tries: other processes
 * and garbage collection only add time. Rejects with an error of the parser that is no ServiceError.
 */
export async function measureGrowth(parser: Parser, inputOf: (bytes: number) => Buffer): Promise<Growth> {
  const full = inputOf(parser.maxBytes);
  const msAt = (nsPerByte: number) => Math.max(FAST_MS, (nsPerByte * full.length) / 1e6);
  let fullMs = await cpuMsOf(parser, full);
  if (fullMs <= msAt(FAST_NS_PER_BYTE)) return { halfMs: undefined, fullMs, isLinear: true };
  const half = inputOf(parser.maxBytes / 2);
  let halfMs = Infinity;
  let isLinear = false;
  for (let tries = 0; tries < MAX_TRIES && !isLinear; tries += 1) {
    halfMs = Math.min(halfMs, await cpuMsOf(parser, half));
    fullMs = Math.min(fullMs, await cpuMsOf(parser, full));
    const isFast = fullMs <= msAt(FAST_NS_PER_BYTE);
    isLinear = isFast || (fullMs <= MAX_GROWTH * halfMs && fullMs <= msAt(MAX_NS_PER_BYTE));
  }
  return { halfMs, fullMs, isLinear };
}
