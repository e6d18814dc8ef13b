import type { Run, Status } from './service';
import type { Translator } from './translator';

/** What the panel shows as the state of the account. */
export interface StatusView {
  /** Selects the sign beside the headline. */
  readonly tone: 'off' | 'busy' | 'good' | 'bad';
  readonly headline: string;
  readonly text: string;
  /** Whether the button Connect is shown. */
  readonly needsConnection: boolean;
  readonly facts: readonly string[];
  readonly problems: readonly string[];
  readonly progress: { readonly percent: number | null; readonly text: string; readonly eta: string } | null;
  readonly contacts: readonly { readonly label: string; readonly count: string }[];
  /** The run that waits for a confirmation. */
  readonly waitingRun: { readonly id: string; readonly samples: readonly string[] } | null;
  readonly hasActions: boolean;
  readonly hasFailures: boolean;
}

const isRunning = (run: Run | null): run is Run => run !== null && (run.state === 'queued' || run.state === 'running');
const isWaiting = (run: Run | null): run is Run => run?.state === 'waiting_for_confirmation';

/** Kommo must allow the access first; a suspended account is authorised. */
const needsConnection = ({ status, connected }: Status): boolean => !connected && status !== 'suspended';

/** Codes of what a human must do, from the service or from the other members of the status. */
function listAttention(status: Status): string[] {
  const { status: state, unisender_key_problem: keyProblem, webhook, last_run: run } = status;
  const codes: readonly (string | false)[] = [
    ...(status.attention ?? []),
    state === 'reauthorization_required' && state,
    state === 'suspended' && state,
    keyProblem !== null && 'unisender_key_refused',
    (webhook === 'disabled' || webhook === 'missing' || webhook === 'unavailable') && `webhook_${webhook}`,
    run?.state === 'failed' && 'run_failed',
  ];
  return [...new Set(codes.filter((code): code is string => typeof code === 'string'))];
}

function listProblems(status: Status, translator: Translator): string[] {
  const known = (code: string) => translator.has(`attention.${code}`);
  const problems = listAttention(status).map((code) => translator.text(known(code) ? `attention.${code}` : 'attention.other', { code }));
  const { last_run: run, paused } = status;
  if (isWaiting(run)) {
    const count = run.planned_removals ?? null;
    problems.unshift(
      count === null ? translator.text('attention.run_waiting_unknown') : translator.text('attention.run_waiting', { count }),
    );
  }
  if (paused) problems.push(translator.text('attention.paused', { time: translator.time(paused.until) }));
  return problems;
}

function toProgress(run: Run, translator: Translator): StatusView['progress'] {
  const { read, total_estimate: total, eta_seconds: eta } = run;
  const isKnown = total !== null && total > 0;
  return {
    percent: isKnown ? Math.min(100, Math.round((read / total) * 100)) : null,
    text: isKnown
      ? translator.text('status.progress', { read, total: Math.max(read, total) })
      : translator.text('status.progress_unknown', { read }),
    eta: eta === null ? '' : translator.text('status.eta', { time: translator.duration(eta) }),
  };
}

function headlineOfRun(run: Run, translator: Translator): string {
  if (run.state === 'queued') return translator.text('status.queued');
  return translator.text(run.mode === 'import' ? 'status.importing' : 'status.reconciling');
}

/** The time of the last change or the last complete comparison, whichever is later. */
function inSyncSince({ last_event_at: event, last_run: run }: Status): string | null {
  const times = [event, run?.state === 'completed' ? run.finished_at : null].filter((time): time is string => time !== null);
  return times.sort().reverse()[0] ?? null;
}

type Headline = Pick<StatusView, 'tone' | 'headline' | 'text'>;

function toHeadline(status: Status, problems: readonly string[], translator: Translator): Headline {
  const say = (tone: StatusView['tone'], headline: string, text = ''): Headline => ({ tone, headline, text });
  const { last_run: run, contacts } = status;
  if (needsConnection(status)) return say('off', translator.text('status.connect_needed'), translator.text('status.connect_text'));
  if (status.unisender_key === null) return say('off', translator.text('status.key_needed'), translator.text('status.key_text'));
  if (isRunning(run)) return say('busy', headlineOfRun(run, translator));
  if (problems.length > 0) return say('bad', translator.text('status.attention'));
  if ((contacts.waiting ?? 0) > 0) return say('busy', translator.text('status.sending'));
  const since = inSyncSince(status);
  return say(
    'good',
    since === null ? translator.text('status.in_sync') : translator.text('status.in_sync_since', { time: translator.time(since) }),
  );
}

function listContacts({ contacts }: Status, translator: Translator): StatusView['contacts'] {
  const rows: readonly [string, number | undefined][] = [
    ['total', contacts.total],
    ['in_sync', contacts.in_sync],
    ['waiting', contacts.waiting],
    ['excluded', contacts.excluded],
    ['failing', contacts.failing],
  ];
  return rows.flatMap(([name, count]) =>
    count === undefined ? [] : [{ label: translator.text(`status.contacts_${name}`), count: translator.number(count) }],
  );
}

function listFacts({ name, list_title: list, unisender_key: key }: Status, translator: Translator): string[] {
  return [
    ...(name === '' ? [] : [translator.text('status.account', { name })]),
    ...(list === null ? [] : [translator.text('status.list', { title: list })]),
    ...(key === null ? [] : [translator.text('status.key', { key })]),
  ];
}

/** Decides what the panel shows. A user who may only read gets no buttons and no addresses. */
export function toStatusView(status: Status, translator: Translator, { isReadOnly = false } = {}): StatusView {
  const problems = listProblems(status, translator);
  const { last_run: run } = status;
  const isSetUp = status.connected && status.unisender_key !== null;
  const mayAct = isSetUp && !isReadOnly;
  return {
    ...toHeadline(status, problems, translator),
    needsConnection: needsConnection(status),
    facts: listFacts(status, translator),
    problems,
    progress: isRunning(run) ? toProgress(run, translator) : null,
    contacts: isSetUp ? listContacts(status, translator) : [],
    waitingRun: isWaiting(run) && !isReadOnly ? { id: run.run_id, samples: run.samples ?? [] } : null,
    hasActions: mayAct,
    hasFailures: mayAct && status.contacts.failing > 0,
  };
}
