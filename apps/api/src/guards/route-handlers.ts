import { type INestApplication, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { type Audience, findDeclaredAudience } from './audience.js';

/** A method of a controller that answers requests. */
export interface RouteHandler {
  /** `Controller.method` */
  readonly name: string;
  readonly handler: object;
  readonly method: RequestMethod;
  readonly audience: Audience | undefined;
}

type Prototype = Record<string, object | undefined>;

const methodOf = (handler: object) => (Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined) ?? RequestMethod.ALL;

/** Every route of every controller. */
export function listHandlers(app: INestApplication): RouteHandler[] {
  const scanner = new MetadataScanner();
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    const { prototype, name } = metatype as { prototype: Prototype; name: string };
    return scanner.getAllMethodNames(prototype).flatMap((method) => {
      const handler = prototype[method];
      if (!handler || !Reflect.hasMetadata(PATH_METADATA, handler)) return [];
      return [{ name: `${name}.${method}`, handler, method: methodOf(handler), audience: findDeclaredAudience(handler) }];
    });
  });
}
