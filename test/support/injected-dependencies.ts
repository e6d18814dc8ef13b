import { type INestApplicationContext, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

/** A constructor parameter of a provider class. */
export interface InjectedDependency {
  /** `Class[index]: Token`, for failure messages. */
  readonly name: string;
  /** What Nest injects by: a class, a symbol or a string. */
  readonly token: unknown;
  readonly instance: unknown;
}

interface ExplicitToken {
  readonly index: number;
  readonly param: unknown;
}

const nameOf = (token: unknown) => (typeof token === 'function' ? token.name : String(token));

function listOf(target: Type, instances: readonly unknown[]): InjectedDependency[] {
  const types = (Reflect.getMetadata('design:paramtypes', target) ?? []) as unknown[];
  const explicit = (Reflect.getMetadata('self:paramtypes', target) ?? []) as ExplicitToken[];
  return types.map((type, index) => {
    const token = explicit.find((parameter) => parameter.index === index)?.param ?? type;
    return { name: `${target.name}[${index}]: ${nameOf(token)}`, token, instance: instances[index] };
  });
}

/**
 * The constructor parameters of every class that Nest has created in the modules with these names. A parameter whose class is
 * imported with `import type` has the token `Object` or `Function`.
 */
export function listInjectedDependencies(application: INestApplicationContext, moduleNames: readonly string[]): InjectedDependency[] {
  const modules = [...application.get(ModulesContainer).values()].filter(({ name }) => moduleNames.includes(name));
  const providers = modules
    .flatMap((module) => [...module.providers.values()])
    .filter(({ inject, isNotMetatype }) => !inject && !isNotMetatype);
  return providers.flatMap((provider) => {
    const instances = (provider.getCtorMetadata() ?? []).map((dependency) => dependency.instance as unknown);
    return provider.metatype ? listOf(provider.metatype as Type, instances) : [];
  });
}
