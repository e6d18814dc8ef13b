import { ApiError } from './client.js';
import { EventReader, type ServerEvent } from './event-reader.js';
import { callRaw } from './session.js';

/** `live`: events arrive. `polling`: the stream is interrupted, and the console asks every two seconds. `offline`: no response. */
export type Liveness = 'connecting' | 'live' | 'polling' | 'offline';

interface StreamHandlers {
  readonly onEvent: (event: ServerEvent) => void;
  readonly onLiveness: (liveness: Liveness) => void;
}

const FIRST_RETRY_MS = 1_000;
/** Without the stream the console asks every two seconds. An attempt to connect costs less than that. */
const LAST_RETRY_MS = 2_000;
/** The server sends a comment every 15 s. */
const SILENT_AFTER_MS = 40_000;

const wait = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

async function readOnce(signal: AbortSignal, { onEvent, onLiveness }: StreamHandlers): Promise<void> {
  const silence = new AbortController();
  const response = await callRaw('operations/stream', { signal: AbortSignal.any([signal, silence.signal]) });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  const events = new EventReader();
  onLiveness('live');
  let timer = 0;
  const restartTimer = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => silence.abort(), SILENT_AFTER_MS);
  };
  try {
    for (;;) {
      restartTimer();
      const { done, value } = await reader.read();
      if (done) return;
      for (const event of events.read(value)) onEvent(event);
    }
  } finally {
    window.clearTimeout(timer);
  }
}

/** Reads the stream of the service and connects again after an interruption, until `signal` is aborted. */
export async function followStream(signal: AbortSignal, handlers: StreamHandlers): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  const onLiveness = (liveness: Liveness) => {
    if (liveness === 'live') retryMs = FIRST_RETRY_MS;
    handlers.onLiveness(liveness);
  };
  while (!signal.aborted) {
    let liveness: Liveness = 'polling';
    try {
      await readOnce(signal, { ...handlers, onLiveness });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.isOffline) liveness = 'offline';
    }
    onLiveness(liveness);
    await wait(retryMs, signal);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }
}
