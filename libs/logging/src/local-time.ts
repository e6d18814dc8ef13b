const pad = (value: number, length = 2) => String(value).padStart(length, '0');

function offsetOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const distance = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(distance / 60))}:${pad(distance % 60)}`;
}

/** Formats a time as local time with its offset: `2026-11-05T09:08:07.006+03:00`. */
export function toLocalTime(ms: number): string {
  const date = new Date(ms);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
  return `${day}T${time}${offsetOf(date)}`;
}

/** Takes the day out of a local time, without leading zeros, as PHP's `Y-n-j` does: `2026-11-5`. */
export const toDayName = (localTime: string): string => localTime.slice(0, 10).replaceAll('-0', '-');

/** Counts the days from 1970 to such a day; undefined when the text is not a day name. */
export function findDayNumber(dayName: string): number | undefined {
  const [, year, month, day] = /^(\d{4})-([1-9]\d?)-([1-9]\d?)$/.exec(dayName) ?? [];
  return year === undefined ? undefined : Date.UTC(Number(year), Number(month) - 1, Number(day)) / 86_400_000;
}
