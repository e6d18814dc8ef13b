import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Route, Router, Switch } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';
import { ApiError } from './api/client.js';
import { LiveProvider } from './api/live.js';
import { useSession } from './api/session.js';
import { AccountPage } from './pages/account/account-page.js';
import { AccountsPage, findStateFilter } from './pages/accounts-page.js';
import { AuditPage } from './pages/audit-page.js';
import { ConnectPage } from './pages/connect-page.js';
import { OverviewPage } from './pages/overview-page.js';
import { PersonPage } from './pages/person-page.js';
import { QueuesPage } from './pages/queues-page.js';
import { SignInPage } from './pages/sign-in-page.js';
import { SystemPage } from './pages/system-page.js';
import { Shell } from './shell.js';
import { PageHead } from './ui/panel.js';
import { Empty } from './ui/states.js';
import { ToastProvider } from './ui/toast.js';

const MAX_RETRIES = 1;

/** A refusal does not change by asking again. */
const shouldRetry = (count: number, error: Error) =>
  count < MAX_RETRIES && !(error instanceof ApiError && error.status >= 400 && error.status < 500);

const createClient = () =>
  new QueryClient({
    defaultOptions: { queries: { retry: shouldRetry, staleTime: 1_000, networkMode: 'always' }, mutations: { networkMode: 'always' } },
  });

function Pages() {
  return (
    <Switch>
      <Route path="/" component={OverviewPage} />
      <Route path="/accounts">
        <AccountsPage />
      </Route>
      <Route path="/accounts/:id/:tab?">
        {({ id, tab }) =>
          /^\d+$/.test(id) ? (
            <AccountPage key={id} accountId={Number(id)} tab={tab ?? 'runs'} />
          ) : (
            <AccountsPage key={id} filter={findStateFilter(id)} />
          )
        }
      </Route>
      <Route path="/person" component={PersonPage} />
      <Route path="/queues" component={QueuesPage} />
      <Route path="/connect" component={ConnectPage} />
      <Route path="/audit" component={AuditPage} />
      <Route path="/system" component={SystemPage} />
      <Route>
        <PageHead title="Not found" />
        <Empty title="There is no such page">
          <a href="#/">Go to the overview</a>
        </Empty>
      </Route>
    </Switch>
  );
}

/** What a signed-in operator sees. Another session has another cache. */
function Signed() {
  const [client] = useState(createClient);
  useEffect(() => () => client.clear(), [client]);
  return (
    <QueryClientProvider client={client}>
      <LiveProvider>
        <Shell>
          <Pages />
        </Shell>
      </LiveProvider>
    </QueryClientProvider>
  );
}

/** The console: the page to sign in, or all the others. */
export function App() {
  const { token } = useSession();
  return (
    <ToastProvider>
      <Router hook={useHashLocation}>{token === undefined ? <SignInPage /> : <Signed key={token} />}</Router>
    </ToastProvider>
  );
}
