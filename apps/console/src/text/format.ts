const numbers = new Intl.NumberFormat('en');
const rates = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const dateTimes = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The service writes the year 9999 for a pause without an end. */
const ENDLESS_YEAR = 9000;

export const formatNumber = (value: number): string => numbers.format(value);

export const formatRate = (value: number): string => rates.format(value);

/** Date and time in the time zone of the browser. */
export const formatTime = (iso: string | null | undefined): string => (iso ? dateTimes.format(new Date(iso)) : 'never');

/** `5 minutes ago`, `in 3 hours`. */
export function formatAgo(iso: string | null | undefined, nowMs: number): string {
  if (!iso) return 'never';
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1000);
  const distance = Math.abs(seconds);
  if (distance < MINUTE) return relative.format(seconds, 'second');
  if (distance < HOUR) return relative.format(Math.round(seconds / MINUTE), 'minute');
  if (distance < DAY) return relative.format(Math.round(seconds / HOUR), 'hour');
  return relative.format(Math.round(seconds / DAY), 'day');
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d`. */
export function formatSeconds(seconds: number): string {
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < HOUR) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds >= DAY) return `${Math.round(seconds / DAY)} d`;
  const minutes = Math.round((seconds % HOUR) / MINUTE);
  return `${Math.floor(seconds / HOUR)} h${minutes === 0 ? '' : ` ${minutes} min`}`;
}

/** `until it is lifted`, or the time. */
export const formatUntil = (iso: string): string =>
  new Date(iso).getUTCFullYear() > ENDLESS_YEAR ? 'until it is lifted' : `until ${formatTime(iso)}`;

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `3.2 GB` */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  return `${rates.format(bytes / 2 ** (10 * power))} ${UNITS[power] ?? ''}`;
}

/** `unisender_key_refused` → `Unisender key refused`, for a code without a text of its own. */
export function formatCode(code: string): string {
  const words = code
    .replaceAll(/[_-]+/g, ' ')
    .replaceAll(/\burl\b/g, 'URL')
    .replaceAll(/\bdir\b/g, 'folder')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
