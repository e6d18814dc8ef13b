import { useQuery } from '@tanstack/react-query';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { useLocation } from 'wouter';
import { ApiError } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import { usePollInterval } from '../../api/live.js';
import { call } from '../../api/session.js';
import type { AccountDetailsResponse } from '../../api/types.js';
import { statusLabels } from '../../text/codes.js';
import { Badge } from '../../ui/badge.js';
import { Ago, Until } from '../../ui/now.js';
import { Facts, PageHead } from '../../ui/panel.js';
import { Empty, Loaded } from '../../ui/states.js';
import { AccountActions } from './account-actions.js';
import { AddressesTab } from './addresses-tab.js';
import { Attention } from './attention.js';
import { ContactBar } from './contact-bar.js';
import { EventsTab } from './events-tab.js';
import { RunsTab } from './runs-tab.js';
import { SettingsTab } from './settings-tab.js';

const tabs = [
  ['runs', 'Runs', RunsTab],
  ['addresses', 'Addresses', AddressesTab],
  ['events', 'Events', EventsTab],
  ['settings', 'Settings', SettingsTab],
] as const;

const webhookTones = { active: 'good', missing: 'bad', disabled: 'bad', stopped: 'bad', unavailable: 'warning' } as const;

const webhookTexts = {
  active: 'Active',
  missing: 'Missing',
  disabled: 'Disabled by Kommo',
  stopped: 'Stopped by Unisender',
  unavailable: 'Not in the plan: changes are polled',
} as const;

function Webhook({ state }: { readonly state: keyof typeof webhookTones | null }) {
  return state === null ? <>none</> : <Badge tone={webhookTones[state]}>{webhookTexts[state]}</Badge>;
}

function AccountFacts({ account }: { readonly account: AccountDetailsResponse }) {
  const { status, list_id: listId, list_title: listTitle, token_expires_at: expiresAt } = account;
  return (
    <Facts
      facts={[
        ['State', <Badge key="state" tone={statusLabels[status].tone}>{statusLabels[status].text}</Badge>], // prettier-ignore
        ['Access token expires', <Until key="token" at={expiresAt} />],
        ['Webhook of Kommo', <Webhook key="kommo" state={account.webhook} />],
        ['Webhook of Unisender', <Webhook key="unisender" state={account.unisender_webhook} />],
        ['Unisender key', account.unisender_key === null ? 'none' : 'stored'],
        ['List', listId === null ? 'none' : `${listTitle ?? ''} (${listId})`],
        ['Last event', <Ago key="event" at={account.last_event_at} />],
        ['Work waiting', String(account.jobs_waiting)],
      ]}
    />
  );
}

interface AccountPageProps {
  readonly accountId: number;
  readonly tab: string;
}

/** One account: its state, what to do about it, and its history. */
export function AccountPage({ accountId, tab }: AccountPageProps) {
  const refetchInterval = usePollInterval();
  const query = useQuery({
    queryKey: keys.account(accountId),
    queryFn: () => call<AccountDetailsResponse>(`operations/accounts/${accountId}`),
    refetchInterval,
  });
  const [, navigate] = useLocation();
  if (query.error instanceof ApiError && query.error.status === 404) return <UnknownAccount accountId={accountId} />;
  return (
    <Loaded query={query}>
      {(account) => (
        <>
          <PageHead title={account.name === '' ? `Account ${accountId}` : account.name}>
            <p className="quiet">
              {accountId}
              {account.subdomain !== '' && ` · ${account.subdomain}`} · integration {account.integration_id}
            </p>
          </PageHead>
          <Attention account={account} />
          <AccountActions account={account} />
          <ContactBar contacts={account.contacts} accountId={accountId} />
          <AccountFacts account={account} />
          <Tabs
            className="tabs"
            selectedKey={tab}
            onSelectionChange={(key) => navigate(`/accounts/${accountId}/${key}`, { replace: true })}
          >
            <TabList className="tabs__list" aria-label="Parts of the account">
              {tabs.map(([id, title]) => (
                <Tab key={id} id={id} className="tabs__tab">
                  {title}
                </Tab>
              ))}
            </TabList>
            {tabs.map(([id, , Panel]) => (
              <TabPanel key={id} id={id} className="tabs__panel">
                <Panel account={account} />
              </TabPanel>
            ))}
          </Tabs>
        </>
      )}
    </Loaded>
  );
}

function UnknownAccount({ accountId }: { readonly accountId: number }) {
  return (
    <>
      <PageHead title={`Account ${accountId}`} />
      <Empty title="The service does not know this account">
        <a href="#/connect">Connect it</a> or look at <a href="#/accounts">all accounts</a>.
      </Empty>
    </>
  );
}
