import type { Config } from '#config';
import type { FigureStore } from '#database';
import { AccountQueries } from './accounts/account-queries.js';
import { Installer } from './accounts/installer.js';
import { KommoContacts } from './accounts/kommo-contacts.js';
import { UnisenderContacts } from './accounts/unisender-contacts.js';
import { Uninstall } from './accounts/uninstall.js';
import { VendorWebhooks } from './accounts/vendor-webhooks.js';
import { WidgetSettings } from './accounts/widget-settings.js';
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
import { AllAccounts } from './maintenance/all-accounts.js';
import { AuditLog } from './maintenance/audit-log.js';
import { BuriedJobs } from './maintenance/buried-jobs.js';
import { ContactCensus } from './maintenance/contact-census.js';
import { EncryptionKeyCheck } from './maintenance/encryption-key-check.js';
import { KeyRotation } from './maintenance/key-rotation.js';
import { PersonalData } from './maintenance/personal-data.js';
import { Retention } from './maintenance/retention.js';
import { Sweep } from './maintenance/sweep.js';
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
import { TokenService } from './tokens/token-service.js';

/** Every use case of the service. */
export interface SyncServices {
  readonly tokens: TokenService;
  readonly installer: Installer;
  readonly webhooks: VendorWebhooks;
  readonly widget: WidgetSettings;
  readonly webhookTokens: WebhookTokens;
  readonly kommoInbox: KommoInbox;
  readonly unisenderInbox: UnisenderInbox;
  readonly runs: RunService;
  readonly runWorker: RunWorker;
  readonly accounts: AccountQueries;
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
  readonly census: ContactCensus;
  readonly figures: Pick<FigureStore, 'read'>;
}

/** Builds the use cases over one context. Nothing is started and nothing is asked. */
export function createSync(context: SyncContext): SyncServices {
  const { stores, database, keyring, kommo, unisender, queue, clock, logger } = context;
  const { accounts, addresses, contacts, consents, events } = stores;
  const config = context.config as Config;
  const tokens = new TokenService(context);
  const jobs = new JobEnqueuer(queue, clock, logger);
  const recorder = new EventRecorder(events, clock);
  const runs = new RunService(stores.runs, contacts, accounts, jobs, clock);
  const webhooks = new VendorWebhooks(context, { tokens, runs });
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
  const failures = new AccountFailures(database, accounts, stores.alerts, clock, logger);
  const runner = new AccountWorkRunner(accounts, leases, failures, keyring, clock);
  const continuation = new JobContinuation(stores.leases, logger);
  const follower = new EventFollower(applier, new AddressFlusher(addresses, pusher, stores.runs, clock), accounts, clock);
  const slice = new RunSlice(phases, new Preview(reader, stores.runs, progress, addresses, contacts), progress, preparation, clock);
  return {
    tokens,
    installer: new Installer(context, runs),
    webhooks,
    widget: new WidgetSettings(context, { webhooks, runs }),
    webhookTokens: new WebhookTokens(accounts, clock),
    kommoInbox: new KommoInbox(recorder, jobs),
    unisenderInbox: new UnisenderInbox(new SignedHookReader(accounts, keyring), database, consents, recorder, jobs),
    runs,
    runWorker: new RunWorker(stores.runs, runner, slice, transitions, queue),
    accounts: new AccountQueries(context),
    accountSync: new AccountSync(runner, follower, continuation, stores.leases, queue),
    unisenderContacts: new UnisenderContacts(context),
    kommoContacts: new KommoContacts(context, tokens),
    writeBack: new WriteBack(runner, continuation, consents, tokens, kommo),
    buriedJobs: new BuriedJobs(context, transitions),
    sweep: new Sweep(context, runs),
    allAccounts: new AllAccounts(context, { runs, webhooks }),
    audit: new AuditLog(context),
    personalData: new PersonalData(context, leases),
    retention: new Retention(context),
    keyCheck: new EncryptionKeyCheck(context),
    keyRotation: new KeyRotation(context),
    uninstall: new Uninstall(context, { runs, webhooks }),
    census: new ContactCensus(context),
    figures: stores.figures,
  };
}
