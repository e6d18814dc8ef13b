import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { keys } from '../api/keys.js';
import { usePollInterval } from '../api/live.js';
import { call } from '../api/session.js';
import type {
  FailureResponse,
  FailuresResponse,
  JobActionResponse,
  KickResponse,
  QueueServerResponse,
  QueuesResponse,
  TubeResponse,
} from '../api/types.js';
import { describeCode } from '../text/codes.js';
import { formatNumber, formatRate, formatSeconds } from '../text/format.js';
import { Badge } from '../ui/badge.js';
import { ActionButton, Button } from '../ui/button.js';
import { Ago } from '../ui/now.js';
import { PageHead, Panel } from '../ui/panel.js';
import { Empty, Loaded } from '../ui/states.js';
import { type Column, LongTable, Table } from '../ui/table.js';
import { useAction } from '../ui/use-action.js';
import { PeekDialog } from './peek-dialog.js';

/** More than a tube usually has: "kick all". */
const KICK_ALL = 1_000;
const PAGE_SIZE = 100;

const changes = [keys.queues, keys.failures, keys.overview] as const;

const rateText = ({ puts_per_second: puts, deletes_per_second: deletes }: TubeResponse) =>
  puts === null || deletes === null ? '' : `${formatRate(puts)} / ${formatRate(deletes)}`;

function TubeActions({ tube, onPeek }: { readonly tube: TubeResponse; readonly onPeek: () => void }) {
  const path = `operations/queues/${tube.tube}`;
  const kick = useAction<void, KickResponse>({
    run: () => call<KickResponse>(`${path}/kick`, { method: 'POST', body: { count: KICK_ALL } }),
    done: ({ kicked }) => `${kicked === 1 ? '1 job' : `${formatNumber(kicked)} jobs`} kicked`,
    changes,
  });
  const pause = useAction({ run: () => call(`${path}/pause`, { method: 'POST' }), done: () => `The tube ${tube.tube} is paused`, changes });
  const resume = useAction({
    run: () => call(`${path}/resume`, { method: 'POST' }),
    done: () => `The tube ${tube.tube} works again`,
    changes,
  });
  return (
    <span className="row-actions">
      <Button onPress={onPeek} aria-label={`Peek: ${tube.tube}`}>
        Peek
      </Button>
      <ActionButton onPress={() => kick.mutate()} isDisabled={tube.buried + tube.delayed === 0} aria-label={`Kick all: ${tube.tube}`}>
        Kick all
      </ActionButton>
      {tube.paused ? (
        <ActionButton onPress={() => resume.mutate()} aria-label={`Resume: ${tube.tube}`}>
          Resume
        </ActionButton>
      ) : (
        <ActionButton onPress={() => pause.mutate()} aria-label={`Pause: ${tube.tube}`}>
          Pause
        </ActionButton>
      )}
    </span>
  );
}

const toTubeColumns = (onPeek: (tube: string) => void): readonly Column<TubeResponse>[] => [
  {
    heading: 'Tube',
    cell: ({ tube, server, paused, paused_seconds_left: left }) => (
      <span className="two-lines">
        <strong>{tube}</strong>
        {paused ? <Badge tone="warning">{`Paused, ${formatSeconds(left)} left`}</Badge> : <span className="quiet server">{server}</span>}
      </span>
    ),
  },
  ...(['ready', 'reserved', 'delayed', 'buried'] as const).map((name) => ({
    heading: name.charAt(0).toUpperCase() + name.slice(1),
    isNumber: true,
    cell: (tube: TubeResponse) => (
      <span className={name === 'buried' && tube.buried > 0 ? 'problem' : undefined}>{formatNumber(tube[name])}</span>
    ),
  })),
  { heading: 'Waiting workers', isNumber: true, cell: ({ waiting }) => formatNumber(waiting) },
  { heading: 'Put / done per s', isNumber: true, cell: rateText },
  { heading: 'Actions', cell: (tube) => <TubeActions tube={tube} onPeek={() => onPeek(tube.tube)} /> },
];

const serverColumns: readonly Column<QueueServerResponse>[] = [
  { heading: 'Server', cell: ({ server }) => <span className="server">{server}</span> },
  {
    heading: 'State',
    cell: ({ is_up: isUp, problem, is_draining: isDraining }) => (
      <Badge tone={isUp && isDraining !== true ? 'good' : 'bad'}>
        {!isUp ? (problem ?? 'Down') : isDraining === true ? 'Draining' : 'Up'}
      </Badge>
    ),
  },
  { heading: 'Version', cell: ({ version }) => version ?? '' },
  { heading: 'Up for', cell: ({ uptime_seconds: seconds }) => (seconds === null ? '' : formatSeconds(seconds)) },
  { heading: 'Connections', isNumber: true, cell: ({ connections }) => connections ?? '' },
  { heading: 'Workers', isNumber: true, cell: ({ workers }) => workers ?? '' },
];

function FailureActions({ failure }: { readonly failure: FailureResponse }) {
  const act = useAction<'kick' | 'delete', JobActionResponse>({
    run: (action) =>
      call<JobActionResponse>(`operations/jobs/${failure.job_id}/${action}`, { method: 'POST', query: { server: failure.server } }),
    done: (_result, action) => `Job ${failure.job_id} is ${action === 'kick' ? 'kicked' : 'deleted'}`,
    changes,
  });
  return (
    <span className="row-actions">
      <ActionButton onPress={() => act.mutate('kick')} isDisabled={act.isPending} aria-label={`Kick: job ${failure.job_id}`}>
        Kick
      </ActionButton>
      <ActionButton onPress={() => act.mutate('delete')} isDisabled={act.isPending} aria-label={`Delete: job ${failure.job_id}`}>
        Delete
      </ActionButton>
    </span>
  );
}

const failureColumns: readonly Column<FailureResponse>[] = [
  {
    heading: 'Job',
    cell: ({ job_id, tube }) => (
      <span className="two-lines">
        <strong>{job_id}</strong>
        <span className="quiet">{tube}</span>
      </span>
    ),
  },
  { heading: 'Account', cell: ({ account_id: id }) => (id === null ? 'none' : <a href={`#/accounts/${id}`}>{id}</a>) },
  {
    heading: 'Reason',
    isWide: true,
    cell: ({ code, reason }) => (
      <span className="two-lines">
        <strong>{describeCode(code)}</strong>
        <span className="quiet">{reason}</span>
      </span>
    ),
  },
  { heading: 'Buried', cell: ({ failed_at: at }) => <Ago at={at} /> },
  { heading: 'Actions', cell: (failure) => <FailureActions failure={failure} /> },
];

function Failures() {
  const refetchInterval = usePollInterval();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: keys.failures,
    queryFn: ({ pageParam }) => call<FailuresResponse>('operations/failures', { query: { before: pageParam, limit: PAGE_SIZE } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_before: next }) => next ?? undefined,
    refetchInterval,
  });
  const rows = useMemo(() => data?.pages.flatMap(({ failures }) => failures) ?? [], [data]);
  return (
    <Loaded query={{ data, error, refetch }}>
      {() =>
        rows.length === 0 ? (
          <Empty title="No job is buried" />
        ) : (
          <LongTable
            caption="Buried jobs, the newest first"
            columns={failureColumns}
            rows={rows}
            keyOf={({ failure_id }) => failure_id}
            hasMore={hasNextPage}
            isLoadingMore={isFetchingNextPage}
            onMore={() => void fetchNextPage()}
          />
        )
      }
    </Loaded>
  );
}

/** The tubes, their servers, and the jobs that failed. */
export function QueuesPage() {
  const refetchInterval = usePollInterval();
  const query = useQuery({ queryKey: keys.queues, queryFn: () => call<QueuesResponse>('operations/queues'), refetchInterval });
  const [peeked, setPeeked] = useState<string>();
  const columns = useMemo(() => toTubeColumns(setPeeked), []);
  return (
    <>
      <PageHead title="Queues" />
      <Loaded query={query}>
        {({ queues, servers }) => (
          <>
            <Panel title="Tubes">
              {queues.length === 0 ? (
                <Empty title="No queue server replies">Start beanstalkd again, if it does not come back by itself.</Empty>
              ) : (
                <Table caption="Tubes" columns={columns} rows={queues} keyOf={({ server, tube }) => `${server} ${tube}`} />
              )}
            </Panel>
            <Panel title="Buried jobs">
              <Failures />
            </Panel>
            <Panel title="Queue servers">
              <Table caption="Queue servers" columns={serverColumns} rows={servers} keyOf={({ server }) => server} />
            </Panel>
          </>
        )}
      </Loaded>
      {peeked !== undefined && <PeekDialog tube={peeked} onClose={() => setPeeked(undefined)} />}
    </>
  );
}
