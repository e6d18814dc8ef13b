import { useEffect, useState } from 'react';
import { formatAgo, formatTime } from '../text/format.js';

const TICK_MS = 10_000;

/** The present time, renewed every ten seconds. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}

interface TimeProps {
  readonly at: string | null | undefined;
  /** The present time to compare with. */
  readonly nowMs: number;
}

function RelativeTime({ at, nowMs }: TimeProps) {
  if (!at) return <>never</>;
  return (
    <time dateTime={at} title={formatTime(at)}>
      {formatAgo(at, nowMs)}
    </time>
  );
}

/** A time of the past as `5 minutes ago`, with the exact time in its tooltip. `now` when the clock of the service is ahead. */
export function Ago({ at }: Pick<TimeProps, 'at'>) {
  const nowMs = useNow();
  return <RelativeTime at={at} nowMs={at ? Math.max(nowMs, Date.parse(at)) : nowMs} />;
}

/** A time of the future as `in 5 minutes`, with the exact time in its tooltip. */
export function Until({ at }: Pick<TimeProps, 'at'>) {
  return <RelativeTime at={at} nowMs={useNow()} />;
}
