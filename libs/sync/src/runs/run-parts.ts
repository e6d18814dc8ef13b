import type { AddressTeller } from '../account/address-teller.js';
import type { ContactApplier } from '../account/contact-applier.js';
import type { EventApplier } from '../account/event-applier.js';
import type { Preparation } from '../account/preparation.js';
import type { Subscriptions } from '../subscriptions/subscriptions.js';
import type { TokenService } from '../tokens/token-service.js';

/** What a run is made of. */
export interface RunParts {
  readonly tokens: TokenService;
  readonly subscriptions: Subscriptions;
  readonly preparation: Preparation;
  readonly events: EventApplier;
  readonly contacts: ContactApplier;
  readonly teller: AddressTeller;
}
