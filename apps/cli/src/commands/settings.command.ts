import type { Config } from '#config';
import { AuditLog, SettingsChanges, type SettingsView } from '#sync';
import { withSync } from './with-sync.js';

/** What the command `settings` does. */
export interface SettingsCommand {
  readonly accountId: number;
  /** `name=value`; without any, the settings are only shown. */
  readonly changes: readonly string[];
  /** Whether to only count what the changes would do. */
  readonly preview: boolean;
  readonly json: boolean;
}

/** A value is JSON where it can be, else a text: `true`, `["a","b"]`, `null`, `Newsletter`. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function parseChange(text: string): readonly [string, unknown] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, undefined] : [text.slice(0, equals).trim(), parseValue(text.slice(equals + 1))];
}

function toLines({ settings, would_add, would_remove, run_id }: SettingsView, isChange: boolean): string[] {
  const lines = Object.entries(settings).map(([name, value]) => `${name.padEnd(22)} ${JSON.stringify(value)}`);
  if (isChange) lines.push(`Addresses to add: ${would_add}; to remove: ${would_remove}.`);
  if (run_id !== null) lines.push(`Run ${run_id} applies the change.`);
  return lines;
}

/** Shows or changes the settings of an account. Throws InvalidInputError that names every bad setting, and AccountBlockedError. */
export async function settings(config: Config, command: SettingsCommand, print: (line: string) => void): Promise<void> {
  const { accountId, changes, preview, json } = command;
  const isChange = changes.length > 0;
  const view = await withSync(config, async (sync) => {
    const service = sync.get(SettingsChanges, { strict: false });
    if (!isChange) return service.read(accountId);
    const change = Object.fromEntries(changes.map(parseChange));
    if (preview) return service.preview(accountId, change);
    const audited = { actor: 'cli', action: 'account.settings', accountId, details: {} };
    return sync.get(AuditLog, { strict: false }).record(audited, () => service.save(accountId, change));
  });
  if (json) print(JSON.stringify(view));
  else for (const line of toLines(view, isChange)) print(line);
}
