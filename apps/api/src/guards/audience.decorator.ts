import { AddRouteConfig } from '../http/route-registry.js';

/**
 * The callers that a route accepts. `public`: anyone. `operator`: the operator's token. `widget`: Kommo's disposable token, or
 * the operator's. `browser`: anyone; the `state` of the consent protects it. `kommo`, `unisender`: the token in the path, or a
 * signature that the handler checks.
 */
export type Audience = 'public' | 'operator' | 'widget' | 'browser' | 'kommo' | 'unisender';

/** Declares which callers the route accepts. The application does not start while a route has no audience. */
export const Audience = (audience: Audience): MethodDecorator => AddRouteConfig({ audience, hasGuards: true });

/** The route changes nothing, although its method is not GET: `CONSOLE_READ_ONLY` allows it. */
export const ChangesNothing = (): MethodDecorator => AddRouteConfig({ changesNothing: true });

/** A user of the widget must be an administrator of the account. Routes that change something need no such declaration. */
export const NeedsAdministrator = (): MethodDecorator => AddRouteConfig({ needsAdministrator: true });
