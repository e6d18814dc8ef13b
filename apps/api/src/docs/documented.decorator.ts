import type { ErrorCode } from '#domain';
import type { ApiResult } from '../http/envelope.js';
import { AddRouteConfig } from '../http/route-registry.js';
import type { ApiTypeName, ApiTypes } from './api-types.js';
import type { JsonSchema } from './response-schemas.js';

type Values = Readonly<Record<string, unknown>>;

/** A request that a reader can send. A test sends it, too. */
export interface RequestExample {
  /** Values of the parameters in the path. */
  readonly path?: Values;
  readonly query?: Values;
  readonly body?: Values;
}

/** A response whose body is not in the envelope: its media type, and its schema or the name of its type. */
export type PlainContent = Readonly<Record<string, JsonSchema | ApiTypeName>>;

/** A further response that is no error. */
export interface OtherResponse {
  readonly description: string;
  readonly content?: PlainContent;
  /** Without it, and without `content`, `data` is null. */
  readonly data?: ApiTypeName | undefined;
}

/** What the OpenAPI document says about a route beside what it derives: audience, parameters, body and their errors. */
export interface RouteDocumentation {
  /** One sentence without a full stop. */
  readonly summary: string;
  /** More about the route, in Markdown. */
  readonly description?: string;
  /** The type of `data` of a success. Null when it is left out. */
  readonly data?: ApiTypeName | undefined;
  /** The body of a success that is not in the envelope. */
  readonly content?: PlainContent;
  /** The status of a success; default: that of the handler. */
  readonly status?: number;
  /** By status. */
  readonly otherResponses?: Readonly<Record<number, OtherResponse>>;
  /** Codes of errors that do not follow from the audience, the guards, the parameters or the body. */
  readonly errors?: readonly ErrorCode[];
  /** Parameters that no DTO class declares, as OpenAPI has them. */
  readonly parameters?: readonly JsonSchema[];
  /** The body, when no DTO class declares it. */
  readonly body?: JsonSchema | ApiTypeName;
  readonly example?: RequestExample;
}

/** A route's documentation, and the handler whose parameters it has. A route on Fastify itself has no handler of a controller. */
export interface DocumentedRoute extends RouteDocumentation {
  readonly handler?: { readonly prototype: object; readonly name: string | symbol };
}

/** A handler that sends the response itself, such as a redirect, returns nothing. */
type Result<T> = T | ApiResult<T> | ApiResult<null> | void;
type Handler<T> = (...inputs: never[]) => Result<T> | Promise<Result<T>>;
type AnyHandler = (...inputs: never[]) => unknown;
type Decorator<H extends AnyHandler> = <F extends H>(
  prototype: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<F>,
) => void;

/**
 * Describes a route in the OpenAPI document. The compiler refuses a handler that returns something else than the type `data`. The API
 * does not start while a route has no description.
 */
export function Documented<Name extends ApiTypeName>(
  route: RouteDocumentation & { readonly data: Name },
): Decorator<Handler<ApiTypes[Name]>>;
export function Documented(route: RouteDocumentation & { readonly data?: undefined }): Decorator<AnyHandler>;
export function Documented(route: RouteDocumentation): Decorator<AnyHandler> {
  return (prototype, name, descriptor) => {
    AddRouteConfig({ documentation: { ...route, handler: { prototype, name } } })(prototype, name, descriptor);
  };
}
