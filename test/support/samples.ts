import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** From the sources, else from the compiled files under `dist`. */
const samplesPath = ['../samples/', '../../../test/samples/'].find((path) => existsSync(new URL(path, import.meta.url))) ?? '../samples/';

const directoryOf = (vendor: 'kommo' | 'unisender') => new URL(`${samplesPath}${vendor}/`, import.meta.url);

/** Lists the recorded and documented payloads of a vendor whose names match. */
export const listSamples = (vendor: 'kommo' | 'unisender', name: RegExp): string[] =>
  readdirSync(directoryOf(vendor))
    .filter((file) => name.test(file))
    .sort();

/** Reads a payload. */
export const readSample = (vendor: 'kommo' | 'unisender', file: string): string => readFileSync(new URL(file, directoryOf(vendor)), 'utf8');

/** Reads a JSON payload. */
export const readJsonSample = <T>(vendor: 'kommo' | 'unisender', file: string): T => JSON.parse(readSample(vendor, file)) as T;
