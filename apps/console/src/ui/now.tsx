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

/** A time as `5 minutes ago`, with the exact time in its tooltip. */
export function Ago({ at }: { readonly at: string | null | undefined }) {
  const nowMs = useNow();
  if (!at) return <>never</>;
  return (
    <time dateTime={at} title={formatTime(at)}>
      {formatAgo(at, nowMs)}
    </time>
  );
}
