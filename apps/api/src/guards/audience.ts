import { type ExecutionContext, SetMetadata } from '@nestjs/common';

/**
 * Who may call a route. `public`: anyone. `operator`: the operator's token. `widget`: Kommo's disposable token, or the
 * operator's. `browser`: anyone, rate limited; the consent's state protects it. `kommo`, `unisender`: the unguessable
 * part of the URL, checked by the handler.
 */
export type Audience = 'public' | 'operator' | 'widget' | 'browser' | 'kommo' | 'unisender';

const AUDIENCE = 'api:audience';

/** Every route declares its audience; the application refuses to start otherwise. */
export const Audience = (audience: Audience) => SetMetadata(AUDIENCE, audience);

export const findDeclaredAudience = (handler: object): Audience | undefined =>
  Reflect.getMetadata(AUDIENCE, handler) as Audience | undefined;

export const audienceOf = (context: ExecutionContext): Audience | undefined => findDeclaredAudience(context.getHandler());
