import type { INestApplication } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { BugError } from '#domain';
import { type Audience, findDeclaredAudience } from './audience.js';

interface RouteHandler {
  /** `Controller.method` */
  readonly name: string;
  readonly audience: Audience | undefined;
}

type Prototype = Record<string, object | undefined>;

function listHandlers(app: INestApplication): RouteHandler[] {
  const scanner = new MetadataScanner();
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    const prototype = (metatype as { prototype: Prototype; name: string }).prototype;
    return scanner.getAllMethodNames(prototype).flatMap((method) => {
      const handler = prototype[method];
      if (!handler || !Reflect.hasMetadata(PATH_METADATA, handler)) return [];
      return [{ name: `${(metatype as { name: string }).name}.${method}`, audience: findDeclaredAudience(handler) }];
    });
  });
}

/** Throws BugError that names every route which does not say who may call it. */
export function assertAudiences(app: INestApplication): void {
  const undeclared = listHandlers(app).filter(({ audience }) => audience === undefined);
  if (undeclared.length === 0) return;
  throw new BugError(`These routes declare no audience: ${undeclared.map(({ name }) => name).join(', ')}`, { code: 'audience_undeclared' });
}
