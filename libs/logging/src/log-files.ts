import { appendFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How much the folder of a day may hold. */
interface DayLimits {
  readonly maxFileBytes: number;
  readonly maxFilesPerDay: number;
}

const FIRST_FILE = 'request.log';

const hasCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code;

/** The files of a day are `request.log`, `request.2.log`, `request.3.log`, … */
const fileName = (number: number) => (number === 1 ? FIRST_FILE : `request.${number}.log`);

function findNumber(name: string): number | undefined {
  if (name === FIRST_FILE) return 1;
  const [, digits] = /^request\.([1-9]\d{0,5})\.log$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Lists the numbers of the log files in a folder; empty when there is no folder. */
async function listNumbers(folder: string): Promise<number[]> {
  try {
    return (await readdir(folder)).flatMap((name) => findNumber(name) ?? []);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** The file to write to: the last one of the day, or the next one when that is full. Deletes the files above the limit of a day. */
async function chooseFile(folder: string, { maxFileBytes, maxFilesPerDay }: DayLimits): Promise<string> {
  const numbers = await listNumbers(folder);
  const last = Math.max(1, ...numbers);
  if (numbers.length === 0 || (await sizeOf(join(folder, fileName(last)))) < maxFileBytes) return join(folder, fileName(last));
  const surplus = numbers.filter((number) => number <= last + 1 - maxFilesPerDay);
  for (const number of surplus) await rm(join(folder, fileName(number)), { force: true });
  return join(folder, fileName(last + 1));
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

/** Appends a text to the log file of a day's folder. Creates what is missing. Several processes may append at the same time. */
export async function appendToDay(folder: string, text: string, limits: DayLimits): Promise<void> {
  const path = await chooseFile(folder, limits);
  try {
    await appendFile(path, text);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    await mkdir(folder, { recursive: true });
    await appendFile(path, text);
  }
}

/** Deletes the log files of a day's folder, and no other file. */
export async function deleteLogFiles(folder: string): Promise<void> {
  for (const number of await listNumbers(folder)) await rm(join(folder, fileName(number)), { force: true });
}
