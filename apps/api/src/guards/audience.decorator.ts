import { AddRouteConfig } from '../http/route-registry.js';

/**
 * Who may call a route. `public`: anyone. `operator`: the operator's token. `widget`: Kommo's disposable token, or the
 * operator's. `browser`: anyone; the `state` of the consent protects it. `kommo`, `unisender`: the token in the path, or a
 * signature that the handler checks.
 */
export type Audience = 'public' | 'operator' | 'widget' | 'browser' | 'kommo' | 'unisender';

/** Declares who may call the route. The application does not start while a route has no audience. */
export const Audience = (audience: Audience): MethodDecorator => AddRouteConfig({ audience, hasGuards: true });

/** The route reads only, whatever its method: `CONSOLE_READ_ONLY` allows it. */
export const ChangesNothing = (): MethodDecorator => AddRouteConfig({ changesNothing: true });
