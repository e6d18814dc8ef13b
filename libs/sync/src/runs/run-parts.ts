import type { AddressTeller } from '../account/address-teller.js';
import type { EventApplier } from '../account/event-applier.js';
import type { Preparation } from '../account/preparation.js';
import type { Subscriptions } from '../subscriptions/subscriptions.js';
import type { TokenService } from '../tokens/token-service.js';
import type { PageApplier } from './page-applier.js';

/** What a run is made of. */
export interface RunParts {
  readonly tokens: TokenService;
  readonly subscriptions: Subscriptions;
  readonly preparation: Preparation;
  readonly events: EventApplier;
  readonly pages: PageApplier;
  readonly teller: AddressTeller;
}
