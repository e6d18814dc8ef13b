import type { SendOutbound } from '../http/outbound.js';
import type { Switches } from '../switches.js';
import type { UnisenderHook } from './account.js';
import { nothing, parseWords, type MethodCall } from './method-call.js';
import { invalidArgument, MethodError } from './responses.js';

/** setHook, removeHook, listHooks (reference unisender 8.2). */
export class HookMethods {
  constructor(
    private readonly switches: Switches,
    private readonly send: SendOutbound,
  ) {}

  /** Creates or replaces a hook, after a probe of its URL. */
  async setHook(call: MethodCall): Promise<unknown> {
    const hook = hookOf(call);
    await this.probe(hook.hookUrl);
    const { hooks } = call.account;
    const place = hooks.findIndex(({ hookUrl }) => hookUrl === hook.hookUrl);
    if (place < 0) hooks.push(hook);
    else hooks[place] = hook;
    return nothing;
  }

  /** Removes a hook by its URL. */
  removeHook(call: MethodCall): unknown {
    const url = call.requiredText('hook_url');
    const place = call.account.hooks.findIndex(({ hookUrl }) => hookUrl === url);
    if (place < 0) throw new MethodError('unspecified', 'SB000000-06 [Hook not found]');
    call.account.hooks.splice(place, 1);
    return nothing;
  }

  /** Lists the hooks of the account. */
  listHooks(call: MethodCall): unknown {
    return call.account.hooks.map(hookView);
  }

  private async probe(url: string): Promise<void> {
    const mode = this.switches.get('unisender.hook_probe');
    if (mode === 'off') return;
    const result = await this.send({ method: 'GET', url, headers: {}, timeoutMs: this.switches.get('unisender.hook_timeout_ms') });
    const isSuccessful = result.kind === 'responded' && result.status === 200;
    if (!isSuccessful && mode === 'required')
      throw new MethodError('unspecified', `SB000000-07 [Hook url '${url}' does not respond with 200]`);
  }
}

function hookOf(call: MethodCall): UnisenderHook {
  const hookUrl = call.requiredText('hook_url');
  if (!/^https?:\/\/\S+$/.test(hookUrl)) throw invalidArgument(`Invalid hook_url '${hookUrl}'`);
  const events = eventsOf(call);
  if (events.size === 0) throw invalidArgument("Argument 'events' is required");
  const format = call.text('event_format') ?? 'json_post';
  if (format !== 'json_post') throw invalidArgument(`Unknown event_format '${format}'`);
  return {
    hookUrl,
    events,
    singleEvent: call.flag('single_event'),
    maxParallel: Number(call.text('max_parallel') ?? 10),
    status: call.text('status') === 'stopped' ? 'stopped' : 'active',
  };
}

/** Reads `events[subscribe]=*`, `events[subscribe]=1,2` or `events[]=subscribe`. */
function eventsOf(call: MethodCall): Map<string, string> {
  const { events } = call.args;
  if (typeof events === 'string') return new Map(parseWords(events).map((name) => [name, '*']));
  const pairs = Object.entries(events ?? {}).map(([key, value]): [string, string] => {
    const text = typeof value === 'string' ? value : '*';
    return /^\d+$/.test(key) ? [text, '*'] : [key, text];
  });
  return new Map(pairs);
}

/** A hook as listHooks shows it. */
export function hookView(hook: UnisenderHook): Record<string, unknown> {
  return {
    hook_url: hook.hookUrl,
    event_format: 'json_post',
    events: Object.fromEntries(hook.events),
    single_event: hook.singleEvent ? 1 : 0,
    max_parallel: hook.maxParallel,
    status: hook.status,
  };
}
