import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { keys } from '../api/keys.js';
import { usePollInterval } from '../api/live.js';
import { listDepths } from '../api/queue-history.js';
import { call } from '../api/session.js';
import type { AccountAttention, AccountStatus, OverviewResponse, VendorUsage } from '../api/types.js';
import { attentionAdvice, describeCode, statusLabels } from '../text/codes.js';
import { formatNumber, formatRate, formatSeconds, formatUntil } from '../text/format.js';
import { Badge } from '../ui/badge.js';
import { Chart } from '../ui/chart.js';
import { Facts, PageHead, Panel } from '../ui/panel.js';
import { Empty, Loaded } from '../ui/states.js';

const vendorNames = { kommo: 'Kommo', unisender: 'Unisender' } as const;

interface TileProps {
  readonly label: string;
  readonly value: number;
  readonly note?: string | undefined;
  readonly isBad?: boolean;
  /** The page that shows what is counted. */
  readonly href?: string;
}

function Tile({ label, value, note, isBad = false, href }: TileProps) {
  return (
    <div className={isBad && value > 0 ? 'tile tile--bad' : 'tile'}>
      <dt className="tile__label">{href === undefined ? label : <a href={href}>{label}</a>}</dt>
      <dd className="tile__value">
        {formatNumber(value)}
        {note !== undefined && <span className="tile__note">{note}</span>}
      </dd>
    </div>
  );
}

/** `of 1,798`, the contacts that have an address to send. */
const toSyncNote = ({ total, excluded }: OverviewResponse['contacts']): string =>
  `of ${formatNumber(total - excluded)}${excluded === 0 ? '' : `; ${formatNumber(excluded)} with nothing to send`}`;

function Tiles({ overview }: { readonly overview: OverviewResponse }) {
  const { contacts, active_runs: runs, oldest_event_seconds: oldest } = overview;
  return (
    <dl className="tiles">
      <Tile label="Accounts" value={overview.accounts.total} href="#/accounts" />
      <Tile label="Contacts in sync" value={contacts.in_sync} note={toSyncNote(contacts)} />
      <Tile label="Contacts waiting" value={contacts.waiting} />
      <Tile label="Contacts failing" value={contacts.failing} isBad href="#/accounts/failing" />
      <Tile label="Events waiting" value={overview.events_waiting} note={oldest === null ? undefined : `oldest ${formatSeconds(oldest)}`} />
      <Tile label="Active runs" value={runs.queued + runs.running} />
      <Tile label="Runs to confirm" value={runs.waiting_for_confirmation} isBad />
      <Tile label="Buried jobs" value={overview.queue?.buried ?? 0} isBad href="#/queues" />
    </dl>
  );
}

function AttentionList({ items, total }: { readonly items: readonly AccountAttention[]; readonly total: number }) {
  if (items.length === 0) return <Empty title="Nothing needs your attention">Every account works by itself.</Empty>;
  return (
    <>
      <ul className="attention">
        {items.map(({ account_id: id, name, attention: [code] }) => (
          <li key={id} className="attention__item">
            <a href={`#/accounts/${id}`} className="attention__account">
              {name === '' ? `Account ${id}` : name} <span className="quiet">{id}</span>
            </a>
            {code !== undefined && (
              <span>
                <strong>{attentionAdvice[code].title}.</strong> {attentionAdvice[code].remedy}
              </span>
            )}
          </li>
        ))}
      </ul>
      {total > items.length && <a href="#/accounts/attention">{formatNumber(total - items.length)} more accounts need attention</a>}
    </>
  );
}

function VendorMeter({ usage }: { readonly usage: VendorUsage }) {
  const { vendor, used_percent: percent, limit_per_second: limit, requests_per_second: rate, paused } = usage;
  const name = vendorNames[vendor];
  return (
    <div className="meter">
      <div className="meter__head">
        <span>{name}</span>
        <span>
          {formatRate(rate)} {limit === null ? 'requests/s, no limit' : `of ${formatRate(limit)} requests/s`}
        </span>
      </div>
      <meter className="meter__bar" aria-label={`${name}: used part of the limit`} min={0} max={100} high={90} value={percent ?? 0} />
      {paused && (
        <p className="meter__note">
          <Badge tone="warning">Paused</Badge> {describeCode(paused.code)}, {formatUntil(paused.until)}
        </p>
      )}
    </div>
  );
}

function Charts({ overview: { rates, queue, queue_servers_down: down } }: { readonly overview: OverviewResponse }) {
  const times = useMemo(() => rates.map(({ at }) => Date.parse(at) / 1000), [rates]);
  const work = useMemo(
    () => [
      { label: 'Webhooks', color: '--chart-1' as const, values: rates.map((point) => point.hooks_per_second) },
      { label: 'Pushed rows', color: '--chart-2' as const, values: rates.map((point) => point.pushes_per_second) },
    ],
    [rates],
  );
  const requests = useMemo(
    () => [
      { label: 'Kommo', color: '--chart-1' as const, values: rates.map((point) => point.kommo_requests_per_second) },
      { label: 'Unisender', color: '--chart-2' as const, values: rates.map((point) => point.unisender_requests_per_second) },
    ],
    [rates],
  );
  const depths = listDepths();
  const depthTimes = useMemo(() => depths.map(({ atSeconds }) => atSeconds), [depths]);
  const depth = useMemo(
    () => [
      { label: 'Waiting', color: '--chart-1' as const, values: depths.map(({ waiting }) => waiting) },
      { label: 'Buried', color: '--chart-2' as const, values: depths.map(({ buried }) => buried) },
    ],
    [depths],
  );
  return (
    <div className="charts">
      <Chart title="Work" times={times} lines={work} unit="/s" />
      <Chart title="Requests to vendors" times={times} lines={requests} unit="/s" />
      <Chart title="Jobs in the queue" times={depthTimes} lines={depth} unit="" />
      {queue === null && <p className="banner banner--bad">No queue server replies.</p>}
      {down.length > 0 && queue !== null && <p className="banner banner--bad">Queue servers that do not reply: {down.join(', ')}</p>}
    </div>
  );
}

function Statuses({ counts }: { readonly counts: OverviewResponse['accounts']['by_status'] }) {
  const entries = Object.entries(counts) as [AccountStatus, number][];
  return (
    <Facts
      facts={entries.map(([status, count]) => [
        statusLabels[status].text,
        <Badge key={status} tone={count === 0 ? 'neutral' : statusLabels[status].tone}>
          {formatNumber(count)}
        </Badge>,
      ])}
    />
  );
}

/** The whole deployment on one page; what needs attention comes first. */
export function OverviewPage() {
  const refetchInterval = usePollInterval();
  const query = useQuery({ queryKey: keys.overview, queryFn: () => call<OverviewResponse>('operations/overview'), refetchInterval });
  return (
    <>
      <PageHead title="Overview" />
      <Loaded query={query}>
        {(overview) => (
          <>
            <Panel title="Needs attention">
              <AttentionList items={overview.attention} total={overview.attention_total} />
            </Panel>
            <Tiles overview={overview} />
            <div className="columns">
              <Panel title="Accounts by state" actions={<a href="#/accounts">All accounts</a>}>
                <Statuses counts={overview.accounts.by_status} />
              </Panel>
              <Panel title="Vendor limits in use">
                {overview.vendors.map((usage) => (
                  <VendorMeter key={usage.vendor} usage={usage} />
                ))}
              </Panel>
            </div>
            <Panel title="Last ten minutes">
              <Charts overview={overview} />
            </Panel>
          </>
        )}
      </Loaded>
    </>
  );
}
