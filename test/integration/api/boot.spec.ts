import { ApplicationConfig, ModuleRef, ModulesContainer } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene } from './api-scene.js';

type Class = new (...args: never[]) => object;

/** Nest provides these in every module. */
const NEST_CLASSES = new Set<unknown>([ModuleRef, ApplicationConfig]);

/** Modules of Nest. Their constructors may name tokens that are not classes. */
const FOREIGN_MODULES = ['InternalCoreModule', 'HttpModule'];

/** What the metadata of a constructor has in place of a class that is imported as a type. */
const ERASED: readonly unknown[] = [undefined, Object, Function];

/** Every instance that Nest made of a class, in the modules of the API. */
function listInstances(scene: ApiScene): { readonly type: Class; readonly instance: unknown }[] {
  const modules = [...scene.app.get(ModulesContainer).values()].filter(({ name }) => !FOREIGN_MODULES.includes(name));
  const wrappers = modules.flatMap(({ controllers, injectables, providers }) =>
    [controllers, injectables, providers].flatMap((map) => [...map.values()]),
  );
  return wrappers.flatMap(({ metatype, instance, isNotMetatype }) => {
    if (isNotMetatype || typeof metatype !== 'function' || NEST_CLASSES.has(metatype)) return [];
    return [{ type: metatype as Class, instance }];
  });
}

describe('the module of the API', () => {
  const databases = openTestDatabases('sqlite');

  it('gives every controller, guard, pipe, filter and interceptor the instances that its constructor names', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const instances = listInstances(scene);
    const names = new Set(instances.map(({ type }) => type.name));
    expect([...names]).toEqual(
      expect.arrayContaining([
        'AccountsController',
        'AudienceGuard',
        'AccountAuthorisedGuard',
        'InputPipe',
        'FailureFilter',
        'AuditInterceptor',
      ]),
    );
    for (const { type, instance } of instances) {
      expect(instance).toBeInstanceOf(type);
      const parameters = (Reflect.getMetadata('design:paramtypes', type) ?? []) as Class[];
      for (const parameter of parameters) {
        const where = `${type.name} <- ${String(parameter?.name)}`;
        expect({ where, isErased: ERASED.includes(parameter) }).toEqual({ where, isErased: false });
        const injected: unknown = scene.app.get(parameter, { strict: false });
        expect({ where, isThere: typeof injected === 'object' && injected !== null }).toEqual({ where, isThere: true });
      }
    }
  });
});
