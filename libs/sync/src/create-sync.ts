import type { Config } from '#config';
import type { FigureStore } from '#database';
import { AccountDisconnection } from './accounts/account-disconnection.js';
import { AccountGate } from './accounts/account-gate.js';
import { AccountHistory } from './accounts/account-history.js';
import { AccountQueries } from './accounts/account-queries.js';
import { AccountSetup } from './accounts/account-setup.js';
import { AccountViews } from './accounts/account-views.js';
import { AuthorizationCallbacks } from './accounts/authorization-callbacks.js';
import { AuthorizationLinks } from './accounts/authorization-links.js';
import { AuthorizationStates } from './accounts/authorization-states.js';
import { InstalledAccounts } from './accounts/installed-accounts.js';
import { Installer } from './accounts/installer.js';
import { Integrations } from './accounts/integrations.js';
import { KommoContacts } from './accounts/kommo-contacts.js';
import { KommoWebhooks } from './accounts/kommo-webhooks.js';
import { UnisenderContacts } from './accounts/unisender-contacts.js';
import { UnisenderWebhooks } from './accounts/unisender-webhooks.js';
import { Uninstall } from './accounts/uninstall.js';
import { VendorWebhooks } from './accounts/vendor-webhooks.js';
import { WebhookUrls } from './accounts/webhook-urls.js';
import { WidgetAuthority } from './accounts/widget-authority.js';
import { WidgetSettings } from './accounts/widget-settings.js';
import { WidgetStatuses } from './accounts/widget-statuses.js';
import type { SyncContext } from './context.js';
import { ContactApplier } from './intake/contact-applier.js';
import { ContactReader } from './intake/contact-reader.js';
import { EventApplier } from './intake/event-applier.js';
import { EventRecorder } from './intake/event-recorder.js';
import { JobEnqueuer } from './intake/job-enqueuer.js';
import { KommoInbox } from './intake/kommo-inbox.js';
import { MirrorWriter } from './intake/mirror-writer.js';
import { SignedHookReader } from './intake/signed-hook-reader.js';
import { UnisenderInbox } from './intake/unisender-inbox.js';
import { WebhookTokens } from './intake/webhook-tokens.js';
import { AccountRounds } from './maintenance/account-rounds.js';
import { AllAccounts } from './maintenance/all-accounts.js';
import { AuditLog } from './maintenance/audit-log.js';
import { BuriedJobs, JobFailures } from './maintenance/buried-jobs.js';
import { ContactCensus } from './maintenance/contact-census.js';
import { AccountPurge, DisconnectedAccount, DisconnectedAccounts } from './maintenance/disconnected-accounts.js';
import { AccountJobs, DueAccounts } from './maintenance/due-accounts.js';
import { EncryptionKeyCheck } from './maintenance/encryption-key-check.js';
import { KeyRotation } from './maintenance/key-rotation.js';
import { PersonalData } from './maintenance/personal-data.js';
import { Reconnection } from './maintenance/reconnection.js';
import { HistoryRetention, Retention } from './maintenance/retention.js';
import { StaleRuns, Sweep } from './maintenance/sweep.js';
import { UnisenderErasure } from './maintenance/unisender-erasure.js';
import { WebhookWatchdog } from './maintenance/webhook-watchdog.js';
import { AccountLeases, RequestedJobs } from './push/account-lease.js';
import { AccountSync, EventFollower } from './push/account-sync.js';
import { AccountFailures, AccountWorkRunner } from './push/account-work.js';
import { AddressFlusher } from './push/address-flusher.js';
import { AddressPusher } from './push/address-pusher.js';
import { ExportReader } from './push/export-reader.js';
import { JobContinuation } from './push/job-continuation.js';
import { ListKeeper } from './push/list-keeper.js';
import { Preparation } from './push/preparation.js';
import { WriteBack } from './push/write-back.js';
import { FinishPhase } from './runs/finish-phase.js';
import { PageApplier } from './runs/page-applier.js';
import { PreparePhase } from './runs/prepare-phase.js';
import { Preview } from './runs/preview.js';
import { ReadPhase } from './runs/read-phase.js';
import { RemovalConfirmation } from './runs/removal-confirmation.js';
import { RemovePhase } from './runs/remove-phase.js';
import { RunProgress } from './runs/run-progress.js';
import { RunPusher } from './runs/run-pusher.js';
import { RunService } from './runs/run-service.js';
import { RunPhases, RunSlice } from './runs/run-slice.js';
import { RunTransitions } from './runs/run-transitions.js';
import { RunWorker } from './runs/run-worker.js';
import { VerifyPhase } from './runs/verify-phase.js';
import { AccountHosts } from './tokens/account-hosts.js';
import { ExclusiveRefresh } from './tokens/exclusive-refresh.js';
import { OAuthClients } from './tokens/oauth-clients.js';
import { RefreshResults } from './tokens/refresh-results.js';
import { TokenRefresh } from './tokens/token-refresh.js';
import { TokenRenewal } from './tokens/token-renewal.js';
import { TokenService } from './tokens/token-service.js';
import { TokenVault } from './tokens/token-vault.js';

/** Every use case of the service. */
export interface SyncServices {
  readonly tokens: TokenService;
  readonly tokenRenewal: TokenRenewal;
  readonly integrations: Integrations;
  readonly authorizationLinks: AuthorizationLinks;
  readonly installer: Installer;
  readonly webhooks: VendorWebhooks;
  readonly watchdog: WebhookWatchdog;
  readonly widget: WidgetSettings;
  readonly widgetAuthority: WidgetAuthority;
  readonly widgetStatuses: WidgetStatuses;
  readonly webhookTokens: WebhookTokens;
  readonly kommoInbox: KommoInbox;
  readonly unisenderInbox: UnisenderInbox;
  readonly runs: RunService;
  readonly runWorker: RunWorker;
  readonly accounts: AccountQueries;
  readonly history: AccountHistory;
  readonly accountSync: AccountSync;
  readonly unisenderContacts: UnisenderContacts;
  readonly kommoContacts: KommoContacts;
  readonly writeBack: WriteBack;
  readonly buriedJobs: BuriedJobs;
  readonly sweep: Sweep;
  readonly allAccounts: AllAccounts;
  readonly audit: AuditLog;
  readonly personalData: PersonalData;
  readonly retention: Retention;
  readonly keyCheck: EncryptionKeyCheck;
  readonly keyRotation: KeyRotation;
  readonly uninstall: Uninstall;
  readonly disconnectedAccounts: DisconnectedAccounts;
  readonly census: ContactCensus;
  readonly figures: Pick<FigureStore, 'read'>;
}

/** Builds the use cases over one context. Nothing is started and nothing is asked. */
export function createSync(context: SyncContext): SyncServices {
  const { stores, database, keyring, kommo, unisender, queue, clock, logger } = context;
  const { accounts, addresses, contacts, consents, events } = stores;
  const config = context.config as Config;
  const gate = new AccountGate(accounts, clock, config);
  const clients = new OAuthClients(stores.integrations, keyring);
  const vault = new TokenVault(stores.accesses, accounts, gate, keyring, clock);
  const hosts = new AccountHosts(kommo, accounts, logger);
  const results = new RefreshResults(database, accounts, stores.alerts, vault, logger);
  const refreshes = new ExclusiveRefresh(stores.accesses, vault, new TokenRefresh(kommo, clients, hosts, results, vault), clock);
  const tokens = new TokenService(vault, refreshes, hosts, clock);
  const urls = new WebhookUrls(keyring, config);
  const states = new AuthorizationStates(context.stateSigner, stores.authStates, clock);
  const jobs = new JobEnqueuer(queue, clock, logger);
  const recorder = new EventRecorder(events, clock);
  const runs = new RunService(stores.runs, contacts, accounts, jobs, clock);
  const kommoWebhooks = new KommoWebhooks(tokens, kommo, urls, stores.alerts, clock);
  const webhooks = new VendorWebhooks(gate, accounts, kommoWebhooks, new UnisenderWebhooks(unisender, urls, keyring), logger);
  const watchdog = new WebhookWatchdog(webhooks, runs, accounts);
  const callbacks = new AuthorizationCallbacks(clients, states, config);
  const installed = new InstalledAccounts(database, accounts, vault, urls);
  const views = new AccountViews(stores.accesses, stores.contactFigures, stores.runs, events, clock);
  const queries = new AccountQueries(accounts, views, stores.runs, addresses);
  const history = new AccountHistory(events, stores.failures);
  const setup = new AccountSetup(database, accounts, stores.leases, addresses, keyring);
  const reader = new ContactReader(tokens, kommo);
  const mirror = new MirrorWriter(contacts, events);
  const applier = new EventApplier(events, consents, unisender, new ContactApplier(contacts, events, reader, mirror, clock));
  const lists = new ListKeeper(unisender, addresses, accounts);
  const preparation = new Preparation(lists, new ExportReader(unisender, addresses, accounts, clock, config));
  const pusher = new AddressPusher(addresses, unisender, preparation);
  const transitions = new RunTransitions(database, stores.runs, stores.alerts, logger);
  const progress = new RunProgress(stores.runs, contacts);
  const runPusher = new RunPusher(addresses, pusher, applier, progress, logger);
  const pages = new PageApplier(contacts, addresses, reader, mirror);
  const phases = new RunPhases(
    new PreparePhase(webhooks, preparation, progress),
    new ReadPhase(reader, pages, progress, runPusher, clock),
    new VerifyPhase(contacts, pages, progress, runPusher, new RemovalConfirmation(contacts, transitions, config)),
    new RemovePhase(contacts, progress, runPusher),
    new FinishPhase(stores.runs, progress, runPusher, clock),
  );
  const leases = new AccountLeases(database, stores.leases, new RequestedJobs(consents, queue), clock, logger);
  const accountFailures = new AccountFailures(database, accounts, stores.alerts, clock, logger);
  const runner = new AccountWorkRunner(accounts, leases, accountFailures, keyring, clock);
  const continuation = new JobContinuation(stores.leases, logger);
  const follower = new EventFollower(applier, new AddressFlusher(addresses, pusher, stores.runs, clock), accounts, clock);
  const slice = new RunSlice(phases, new Preview(reader, stores.runs, progress, addresses, contacts), progress, preparation, clock);
  const rounds = new AccountRounds(accounts, logger);
  const reconnection = new Reconnection(vault, kommo, accounts, runs, logger);
  const disconnected = new DisconnectedAccount(webhooks, reconnection, new AccountPurge(stores.purges, logger), clock, config);
  const jobFailures = new JobFailures(database, stores.failures, stores.alerts, stores.leases);
  const dueAccounts = new DueAccounts(events, stores.leases, new AccountJobs(gate, queue), clock, config);
  const staleRuns = new StaleRuns(stores.runs, gate, runs, clock);
  const disconnection = new AccountDisconnection(database, accounts, stores.leases, stores.runs);
  return {
    tokens,
    tokenRenewal: new TokenRenewal(stores.accesses, tokens, queue, clock, logger),
    integrations: new Integrations(clients, accounts, database, urls),
    authorizationLinks: new AuthorizationLinks(accounts, clients, states, config),
    installer: new Installer(callbacks, kommo, installed, runs, logger),
    webhooks,
    watchdog,
    widget: new WidgetSettings(gate, unisender, setup, webhooks, runs),
    widgetAuthority: new WidgetAuthority(accounts, clients, clock, config),
    widgetStatuses: new WidgetStatuses(accounts, queries, history),
    webhookTokens: new WebhookTokens(accounts, clock),
    kommoInbox: new KommoInbox(recorder, jobs),
    unisenderInbox: new UnisenderInbox(new SignedHookReader(accounts, keyring), database, consents, recorder, jobs),
    runs,
    runWorker: new RunWorker(stores.runs, runner, slice, transitions, queue),
    accounts: queries,
    history,
    accountSync: new AccountSync(runner, follower, continuation, stores.leases, queue),
    unisenderContacts: new UnisenderContacts(gate, unisender, keyring),
    kommoContacts: new KommoContacts(tokens, kommo),
    writeBack: new WriteBack(runner, continuation, consents, tokens, kommo),
    buriedJobs: new BuriedJobs(jobFailures, transitions, clock),
    sweep: new Sweep(dueAccounts, staleRuns, events, stores.authStates, clock),
    allAccounts: new AllAccounts(rounds, runs, watchdog, consents, queue),
    audit: new AuditLog(stores.audit, clock, logger),
    personalData: new PersonalData(stores.people, accounts, leases, new UnisenderErasure(unisender, keyring, clock, logger)),
    retention: new Retention(new HistoryRetention(stores.runs, stores.failures, events), stores.audit, clock, config),
    keyCheck: new EncryptionKeyCheck(stores.sealedValues, keyring),
    keyRotation: new KeyRotation(stores.sealedValues, keyring, clock),
    uninstall: new Uninstall(accounts, clients, disconnection, webhooks, logger),
    disconnectedAccounts: new DisconnectedAccounts(rounds, disconnected),
    census: new ContactCensus(stores.contactFigures, accounts, clock),
    figures: stores.figures,
  };
}
