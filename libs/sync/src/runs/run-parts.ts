import type { AddressPusher } from '../account/address-pusher.js';
import type { EventApplier } from '../account/event-applier.js';
import type { Preparation } from '../account/preparation.js';
import type { VendorWebhooks } from '../webhooks/vendor-webhooks.js';
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
