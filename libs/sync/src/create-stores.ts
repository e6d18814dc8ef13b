import {
  AccessStore,
  AccountStore,
  AddressStore,
  AlertStore,
  AuditStore,
  AuthStateStore,
  ContactStore,
  type Database,
  EventStore,
  FailureStore,
  FigureStore,
  IntegrationStore,
  LeaseStore,
  PurgeStore,
  RoundStore,
  RunStore,
  SealedValueStore,
  SubscriptionStore,
} from '#database';
import type { Clock } from '#domain';
import type { Stores } from './context.js';

/** Every store over one database. */
export const createStores = (database: Database, clock: Clock): Stores => ({
  integrations: new IntegrationStore(database, clock),
  accounts: new AccountStore(database, clock),
  leases: new LeaseStore(database, clock),
  accesses: new AccessStore(database, clock),
  audit: new AuditStore(database),
  authStates: new AuthStateStore(database, clock),
  failures: new FailureStore(database),
  contacts: new ContactStore(database, clock),
  addresses: new AddressStore(database, clock),
  subscriptions: new SubscriptionStore(database, clock),
  events: new EventStore(database, clock),
  runs: new RunStore(database, clock),
  sealedValues: new SealedValueStore(database),
  purges: new PurgeStore(database),
  alerts: new AlertStore(database, clock),
  rounds: new RoundStore(database),
  figures: new FigureStore(database, clock),
});
