import type { Attack } from './attack.js';
import { packedBodies, slowParsers, slowWebhooks, unfinishedBodies, unfinishedWebhooks } from './attacks/bodies.attack.js';
import { alikeConsent, inventedIps, lockOut, otherIntegration } from './attacks/clients.attack.js';
import { exchangeFlood, foreignHosts, pauseByExchange } from './attacks/code-exchange.attack.js';
import { flood } from './attacks/flood.attack.js';
import { misplacedSecrets, queueEnvironment } from './attacks/leaks.attack.js';
import { otherAccount } from './attacks/other-account.attack.js';
import { idleConnections, pipeline, probes, slowBodies, slowHeaders } from './attacks/sockets.attack.js';
import { forgedToken, noAdministrator, oldUninstall, otherVendorsUrl } from './attacks/tokens.attack.js';

/** Every attack, by the name that `--only` takes. */
export const attacks: Readonly<Record<string, Attack>> = {
  'other-account': otherAccount,
  'slow-parsers': slowParsers,
  'slow-webhooks': slowWebhooks,
  'unfinished-bodies': unfinishedBodies,
  'unfinished-webhooks': unfinishedWebhooks,
  'packed-bodies': packedBodies,
  pipeline,
  'idle-connections': idleConnections,
  'slow-headers': slowHeaders,
  'slow-bodies': slowBodies,
  probes,
  'foreign-hosts': foreignHosts,
  'pause-by-exchange': pauseByExchange,
  'exchange-flood': exchangeFlood,
  'no-administrator': noAdministrator,
  'other-vendors-url': otherVendorsUrl,
  'lock-out': lockOut,
  'invented-ips': inventedIps,
  'misplaced-secrets': misplacedSecrets,
  'alike-consent': alikeConsent,
  'other-integration': otherIntegration,
  'queue-environment': queueEnvironment,
  'forged-token': forgedToken,
  flood,
  'old-uninstall': oldUninstall,
};
