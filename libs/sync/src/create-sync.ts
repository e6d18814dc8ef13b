import type { FigureStore } from '#database';
import { AccountSync } from './push/account-sync.js';
import { AddressPusher } from './push/address-pusher.js';
import { ContactApplier } from './intake/contact-applier.js';
import { EventApplier } from './intake/event-applier.js';
import { ExportReader } from './push/export-reader.js';
import { KommoTruth } from './intake/kommo-truth.js';
import { ListKeeper } from './push/list-keeper.js';
import { Preparation } from './push/preparation.js';
import { AuditLog } from './maintenance/audit-log.js';
import type { SyncContext } from './context.js';
import { PersonalData } from './maintenance/personal-data.js';
import { BuriedJobs } from './maintenance/buried-jobs.js';
import { ContactCensus } from './maintenance/contact-census.js';
import { Inbox } from './intake/inbox.js';
import { Installer } from './accounts/installer.js';
import { AccountQueries } from './accounts/account-queries.js';
import { EncryptionKeyCheck } from './maintenance/encryption-key-check.js';
import { KeyRotation } from './maintenance/key-rotation.js';
import { KommoContacts } from './accounts/kommo-contacts.js';
import { UnisenderContacts } from './accounts/unisender-contacts.js';
import { PageApplier } from './runs/page-applier.js';
import { Retention } from './maintenance/retention.js';
import { RunWorker } from './runs/run-worker.js';
import { RunService } from './runs/run-service.js';
import { VendorWebhooks } from './accounts/vendor-webhooks.js';
import { AllAccounts } from './maintenance/all-accounts.js';
import { Sweep } from './maintenance/sweep.js';
import { TokenService } from './tokens/token-service.js';
import { Uninstall } from './accounts/uninstall.js';
import { WidgetSettings } from './accounts/widget-settings.js';
import { WriteBack } from './push/write-back.js';

/** Every use case of the service. */
export interface SyncServices {
  readonly tokens: TokenService;
  readonly installer: Installer;
  readonly webhooks: VendorWebhooks;
  readonly widget: WidgetSettings;
  readonly inbox: Inbox;
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
  const tokens = new TokenService(context);
  const runs = new RunService(context);
  const webhooks = new VendorWebhooks(context, { tokens, runs });
  const truth = new KommoTruth(context, tokens);
  const events = new EventApplier(context, new ContactApplier(context, truth));
  const pusher = new AddressPusher(context);
  const preparation = new Preparation(context, new ListKeeper(context), new ExportReader(context));
  return {
    tokens,
    installer: new Installer(context, runs),
    webhooks,
    widget: new WidgetSettings(context, { webhooks, runs }),
    inbox: new Inbox(context),
    runs,
    runWorker: new RunWorker(context, { tokens, webhooks, preparation, events, pages: new PageApplier(context, truth), pusher }),
    accounts: new AccountQueries(context),
    accountSync: new AccountSync(context, events, pusher, preparation),
    unisenderContacts: new UnisenderContacts(context),
    kommoContacts: new KommoContacts(context, tokens),
    writeBack: new WriteBack(context, tokens),
    buriedJobs: new BuriedJobs(context, runs),
    sweep: new Sweep(context, runs),
    allAccounts: new AllAccounts(context, { runs, webhooks }),
    audit: new AuditLog(context),
    personalData: new PersonalData(context),
    retention: new Retention(context),
    keyCheck: new EncryptionKeyCheck(context),
    keyRotation: new KeyRotation(context),
    uninstall: new Uninstall(context, { runs, webhooks }),
    census: new ContactCensus(context),
    figures: context.stores.figures,
  };
}
