import type { AddressPusher } from '../push/address-pusher.js';
import type { EventApplier } from '../intake/event-applier.js';
import type { Preparation } from '../push/preparation.js';
import type { VendorWebhooks } from '../accounts/vendor-webhooks.js';
import type { TokenService } from '../tokens/token-service.js';
import type { PageApplier } from './page-applier.js';

/** What a run is made of. */
export interface RunParts {
  readonly tokens: TokenService;
  readonly webhooks: VendorWebhooks;
  readonly preparation: Preparation;
  readonly events: EventApplier;
  readonly pages: PageApplier;
  readonly pusher: AddressPusher;
}
