import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { keys } from '../../api/keys.js';
import { usePollInterval } from '../../api/live.js';
import { call } from '../../api/session.js';
import type { AccountDetailsResponse, RunResponse, RunsResponse } from '../../api/types.js';
import { describeCode, runLabels } from '../../text/codes.js';
import { formatCode, formatNumber, formatSeconds } from '../../text/format.js';
import { Badge } from '../../ui/badge.js';
import { ActionButton } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { Ago } from '../../ui/now.js';
import { RunProgress } from '../../ui/progress.js';
import { Empty, Loaded } from '../../ui/states.js';
import { type Column, Table } from '../../ui/table.js';
import { useAction } from '../../ui/use-action.js';

const isActive = ({ state }: RunResponse) => state === 'queued' || state === 'running';

/** Work that a run did, or that a preview would do. */
const countColumns: readonly Column<RunResponse>[] = (['read', 'created', 'updated', 'deleted', 'rejected', 'unchanged'] as const).map(
  (name) => ({ heading: formatCode(name), isNumber: true, cell: (run: RunResponse) => formatNumber(run[name]) }),
);

function durationOf({ started_at: start, finished_at: end }: RunResponse): string {
  return start === null || end === null ? '' : formatSeconds((Date.parse(end) - Date.parse(start)) / 1000);
}

const columns: readonly Column<RunResponse>[] = [
  {
    heading: 'Run',
    cell: ({ mode, trigger }) => (
      <span className="two-lines">
        <strong>{formatCode(mode)}</strong>
        <span className="quiet">by {trigger}</span>
      </span>
    ),
  },
  {
    heading: 'State',
    cell: ({ state, error }) => (
      <span className="two-lines">
        <Badge tone={runLabels[state].tone}>{runLabels[state].text}</Badge>
        {error !== null && <span className="problem">{describeCode(error)}</span>}
      </span>
    ),
  },
  {
    heading: 'Started',
    cell: (run) => (
      <span className="two-lines">
        <Ago at={run.started_at} />
        <span className="quiet">{durationOf(run)}</span>
      </span>
    ),
  },
  ...countColumns,
];

/** Cancels a run. */
function useCancel(accountId: number) {
  return useAction<RunResponse>({
    run: ({ run_id: runId }) => call(`sync/contacts/${runId}`, { method: 'DELETE' }),
    done: () => 'The run is cancelled',
    changes: [keys.account(accountId), keys.overview],
  });
}

function ActiveRun({ run }: { readonly run: RunResponse }) {
  const cancel = useCancel(run.account_id);
  return (
    <div className="callout">
      <div className="callout__body">
        <strong>{formatCode(run.mode)} is active</strong>
        <RunProgress run={run} />
      </div>
      <ActionButton onPress={() => cancel.mutate(run)} isPending={cancel.isPending}>
        Cancel the run
      </ActionButton>
    </div>
  );
}

/** A run that found many removals: it shows samples and asks before the first one. */
function WaitingRun({ run }: { readonly run: RunResponse }) {
  const [isOpen, setOpen] = useState(false);
  const { account_id: accountId, planned_removals: count, samples } = run;
  const cancel = useCancel(accountId);
  const confirm = useAction({
    run: () => call(`sync/contacts/${run.run_id}/confirm`, { method: 'POST' }),
    done: () => 'The removals are confirmed',
    changes: [keys.account(accountId), keys.overview],
    onDone: () => setOpen(false),
    showsError: true,
  });
  return (
    <div className="callout callout--warning">
      <div className="callout__body">
        <p>
          <strong>{formatNumber(count)} addresses are to be removed.</strong> That is more than the limit of the account, so the run waits.
          Everything else is done.
        </p>
        <details>
          <summary>{samples.length} of them</summary>
          <ul className="samples">
            {samples.map((email) => (
              <li key={email}>{email}</li>
            ))}
          </ul>
        </details>
      </div>
      <div className="callout__buttons">
        <ActionButton look="danger" onPress={() => setOpen(true)}>
          Confirm the removals
        </ActionButton>
        <ActionButton onPress={() => cancel.mutate(run)}>Cancel the run</ActionButton>
      </div>
      <Confirm
        title={`Remove ${formatNumber(count)} addresses?`}
        action={`Remove ${formatNumber(count)} addresses`}
        isDangerous
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onConfirm={() => confirm.mutate()}
        isPending={confirm.isPending}
        error={confirm.error}
      >
        <p>They leave the list in Unisender. Each one is checked again before it is removed. Some of them:</p>
        <ul className="samples">
          {samples.map((email) => (
            <li key={email}>{email}</li>
          ))}
        </ul>
      </Confirm>
    </div>
  );
}

/** What a preview found. */
function PreviewResult({ run }: { readonly run: RunResponse }) {
  return (
    <div className="callout">
      <div className="callout__body">
        <p>
          <strong>A reconciliation would</strong> add {formatNumber(run.created)}, update {formatNumber(run.updated)} and remove{' '}
          {formatNumber(run.deleted)} addresses. {formatNumber(run.unchanged)} stay as they are.
        </p>
        {run.samples.length > 0 && (
          <details>
            <summary>Some of the removals</summary>
            <ul className="samples">
              {run.samples.map((email) => (
                <li key={email}>{email}</li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </div>
  );
}

/** The runs of an account: the active one with its progress, those that wait, and the history. */
export function RunsTab({ account: { account_id: accountId } }: { readonly account: AccountDetailsResponse }) {
  const refetchInterval = usePollInterval();
  const query = useQuery({
    queryKey: keys.runs(accountId),
    queryFn: () => call<RunsResponse>('sync/runs', { query: { id: accountId } }),
    refetchInterval,
  });
  return (
    <Loaded query={query}>
      {({ runs }) => (
        <>
          {runs.filter(isActive).map((run) => (
            <ActiveRun key={run.run_id} run={run} />
          ))}
          {runs
            .filter(({ state }) => state === 'waiting_for_confirmation')
            .map((run) => (
              <WaitingRun key={run.run_id} run={run} />
            ))}
          {runs[0]?.mode === 'preview' && runs[0].state === 'completed' && <PreviewResult run={runs[0]} />}
          {runs.length === 0 ? (
            <Empty title="No run yet">An import reads every contact of the account.</Empty>
          ) : (
            <>
              <Table caption="Runs, the newest first" columns={columns} rows={runs} keyOf={({ run_id }) => run_id} />
              <p className="quiet">“Read” counts contacts. The other columns count addresses.</p>
            </>
          )}
        </>
      )}
    </Loaded>
  );
}
