import { createHash } from 'node:crypto';
import { phpJson } from '../http/php.js';

/** An event that a hook reports. */
export interface UnisenderEvent {
  readonly name: string;
  /** `YYYY-MM-DD hh:mm:ss`. */
  readonly time: string;
  readonly email: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Signs a body: `auth` is the md5 of the same text with the API key in the place of `auth` (reference unisender 8.4). */
export function signedBody(apiKey: string, content: Readonly<Record<string, unknown>>): string {
  const withKey = phpJson({ auth: apiKey, ...content });
  const auth = createHash('md5').update(withKey).digest('hex');
  return withKey.replace(phpJson(apiKey), () => `"${auth}"`);
}

/** Creates the flat body of `single_event=1`. */
export function singleEventBody(apiKey: string, login: string, event: UnisenderEvent, retryCount: number): string {
  const { name, time, email, data } = event;
  return signedBody(apiKey, { login, event_name: name, event_time: time, email, ...data, ...retryPart(retryCount) });
}

/** Creates the default body. The names of its list ids begin with `just_`. */
export function batchBody(apiKey: string, login: string, event: UnisenderEvent, retryCount: number): string {
  const renamed = Object.entries(event.data).map(([key, value]) => [key.endsWith('_list_ids') ? `just_${key}` : key, value] as const);
  const events = [{ event_name: event.name, event_time: event.time, event_data: { email: event.email, ...Object.fromEntries(renamed) } }];
  return signedBody(apiKey, { events_by_user: [{ login, events }], ...retryPart(retryCount) });
}

function retryPart(retryCount: number): Record<string, number> {
  return retryCount > 0 ? { retry_count: retryCount } : {};
}
