import { zipSync } from 'fflate';

/** The files of the widget: path in the archive → content. */
export type WidgetFiles = Readonly<Record<string, Uint8Array>>;

/** The script has this text where the URL of the service belongs. */
export const SERVICE_URL_MARK = '%SERVICE_URL%';

/** fflate stores local time, so this date gives equal bytes in every time zone. It is the first that a ZIP archive can store. */
const FIXED_TIME = new Date(1980, 0, 1);

const SCRIPT = 'script.js';

/** A text inside single quotes of JavaScript. */
const toSingleQuoted = (text: string): string => JSON.stringify(text).slice(1, -1).replaceAll("'", "\\'");

/** Packs the archive that an administrator uploads to Kommo. Equal files and an equal URL give equal bytes. */
export function packWidget(files: WidgetFiles, serviceUrl: string): Uint8Array {
  const script = Buffer.from(files[SCRIPT] ?? '').toString('utf8');
  const url = toSingleQuoted(serviceUrl.replace(/\/+$/, ''));
  const filled = { ...files, [SCRIPT]: Buffer.from(script.replaceAll(SERVICE_URL_MARK, () => url)) };
  const sorted = Object.entries(filled).sort(([one], [other]) => (one < other ? -1 : 1));
  return zipSync(Object.fromEntries(sorted), { level: 9, mtime: FIXED_TIME });
}
