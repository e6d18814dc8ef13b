import { useQuery } from '@tanstack/react-query';
import { keys } from '../api/keys.js';
import { usePollInterval } from '../api/live.js';
import { call } from '../api/session.js';
import type { FindingResponse, PauseResponse, PausesResponse, SystemResponse } from '../api/types.js';
import { describeCode } from '../text/codes.js';
import { formatBytes, formatCode, formatNumber, formatUntil } from '../text/format.js';
import { Badge } from '../ui/badge.js';
import { ActionButton } from '../ui/button.js';
import { Ago } from '../ui/now.js';
import { Facts, PageHead, Panel } from '../ui/panel.js';
import { Empty, Loaded } from '../ui/states.js';
import { type Column, Table } from '../ui/table.js';
import { useAction } from '../ui/use-action.js';

/** Its checks reach hosts outside, so it is not read every two seconds. */
const SYSTEM_POLL_MS = 30_000;

const levelTones = { ok: 'good', warning: 'warning', error: 'bad' } as const;
const levelTexts = { ok: 'OK', warning: 'Warning', error: 'Error' } as const;
const levelOrder = ['error', 'warning', 'ok'];

const findingColumns: readonly Column<FindingResponse>[] = [
  { heading: 'Check', cell: ({ check }) => formatCode(check) },
  { heading: 'Level', cell: ({ level }) => <Badge tone={levelTones[level]}>{levelTexts[level]}</Badge> },
  {
    heading: 'Finding',
    isWide: true,
    cell: ({ subject, message, remedy }) => (
      <span className="two-lines">
        <span>
          {subject !== null && <strong>{subject}: </strong>}
          {message}
        </span>
        {remedy !== null && <span>What to do: {remedy}</span>}
      </span>
    ),
  },
];

const migrationText = ({ pending_migrations: pending, unknown_migrations: unknown }: SystemResponse['database']): string => {
  if (pending === null) return 'unknown';
  if (pending.length > 0) return `${pending.length} not run yet: npm run migrate`;
  return unknown !== null && unknown.length > 0 ? 'the database is newer than this version' : 'done';
};

function Versions({ system }: { readonly system: SystemResponse }) {
  const { versions, database, queue, disk, workers } = system;
  const difference = database.clock_difference_ms;
  return (
    <Facts
      facts={[
        ['Service', versions.service],
        ['Node', versions.node],
        ['Database', `${database.kind} ${versions.database ?? '(does not respond)'}`],
        ['Migrations', migrationText(database)],
        ['Clock of the database', difference === null ? 'unknown' : `${formatNumber(difference)} ms ahead of this process`],
        ['Queue', `${queue.is_embedded ? 'embedded' : 'servers'}: ${versions.queue.map(({ version }) => version ?? 'down').join(', ')}`],
        ['Workers waiting for a job', formatNumber(workers.waiting)],
        ['Jobs running', formatNumber(workers.running)],
        ['Last schedule', <Ago key="schedule" at={workers.last_schedule_at} />],
        ['Disk', disk === null ? 'unknown' : `${formatBytes(disk.free_bytes)} of ${formatBytes(disk.total_bytes)} free`],
      ]}
    />
  );
}

/** The vendors, and the scope of the pauses that their own answers cause. */
const vendors = [
  { vendor: 'kommo', name: 'Kommo', ownScope: 'host' },
  { vendor: 'unisender', name: 'Unisender', ownScope: 'key' },
] as const;

const isOf = ({ scope, id }: PauseResponse, { vendor, ownScope }: (typeof vendors)[number]) =>
  scope === ownScope || (scope === 'vendor' && id === vendor);

function usePauses() {
  const refetchInterval = usePollInterval();
  return useQuery({ queryKey: keys.pauses, queryFn: () => call<PausesResponse>('operations/pauses'), refetchInterval });
}

function VendorActions() {
  const pauses = usePauses().data?.pauses ?? [];
  const changes = [keys.pauses, keys.overview, keys.accounts];
  const pause = useAction<string>({
    run: (vendor) => call(`operations/vendors/${vendor}/pause`, { method: 'POST' }),
    done: () => 'Requests to the vendor are paused',
    changes,
  });
  const resume = useAction<string>({
    run: (vendor) => call(`operations/vendors/${vendor}/resume`, { method: 'POST' }),
    done: () => 'Requests to the vendor go on',
    changes,
  });
  return (
    <div className="actions">
      {vendors.map((each) => (
        <span key={each.vendor} className="row-actions">
          <ActionButton onPress={() => pause.mutate(each.vendor)}>{`Pause ${each.name}`}</ActionButton>
          <ActionButton onPress={() => resume.mutate(each.vendor)} isDisabled={!pauses.some((one) => isOf(one, each))}>
            {`Resume ${each.name}`}
          </ActionButton>
        </span>
      ))}
    </div>
  );
}

const pauseColumns: readonly Column<PauseResponse>[] = [
  {
    heading: 'What',
    cell: ({ scope, id }) =>
      scope === 'account' ? <a href={`#/accounts/${id}`}>account {id}</a> : `${scope} ${scope === 'key' ? id.slice(0, 8) : id}`,
  },
  { heading: 'Why', cell: ({ code, reason }) => `${describeCode(code)}${reason === null ? '' : `: ${reason}`}` },
  { heading: 'Since', cell: ({ since }) => <Ago at={since} /> },
  { heading: 'Until', cell: ({ until }) => formatUntil(until) },
];

function Pauses() {
  return (
    <Loaded query={usePauses()}>
      {({ pauses }) =>
        pauses.length === 0 ? (
          <Empty title="Nothing is paused" />
        ) : (
          <Table caption="Active pauses" columns={pauseColumns} rows={pauses} keyOf={({ scope, id }) => `${scope} ${id}`} />
        )
      }
    </Loaded>
  );
}

/** The installation: findings, versions, limits, pauses. */
export function SystemPage() {
  const query = useQuery({
    queryKey: keys.system,
    queryFn: () => call<SystemResponse>('operations/system'),
    refetchInterval: SYSTEM_POLL_MS,
  });
  return (
    <>
      <PageHead title="System" />
      <Loaded query={query}>
        {(system) => (
          <>
            <Panel title="Findings">
              <Table
                caption="Findings, the worst first"
                columns={findingColumns}
                rows={[...system.findings].sort((one, other) => levelOrder.indexOf(one.level) - levelOrder.indexOf(other.level))}
                keyOf={({ check, subject, message }) => `${check} ${subject ?? ''} ${message}`}
              />
            </Panel>
            <Panel title="Versions and state">
              <Versions system={system} />
            </Panel>
            <Panel title="Limits">
              <Facts facts={Object.entries(system.limits).map(([name, value]) => [formatCode(name), formatNumber(value)])} />
            </Panel>
          </>
        )}
      </Loaded>
      <Panel title="Pauses" actions={<VendorActions />}>
        <Pauses />
      </Panel>
    </>
  );
}
