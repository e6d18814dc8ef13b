import type { DynamicModule, InjectionToken, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';

/** The part of Nest's record of a provider that a copy needs. */
interface ProviderRecord {
  readonly token: InjectionToken;
  readonly metatype: Type | ((...args: unknown[]) => unknown) | null;
  readonly instance: unknown;
  /** The tokens of a factory's arguments; null for a class. */
  readonly inject: readonly unknown[] | null;
}

/** The part of Nest's record of a module that a copy needs. */
interface ModuleRecord {
  readonly providers: ReadonlyMap<InjectionToken, ProviderRecord>;
  readonly imports: ReadonlySet<ModuleRecord>;
  readonly exports: ReadonlySet<InjectionToken>;
  readonly metatype: Type;
}

interface Container {
  getModules(): ReadonlyMap<string, ModuleRecord>;
}

/** Values that replace providers, by token. */
export type Replacements = ReadonlyMap<unknown, unknown>;

/** Instances of one copy. */
export interface ApplicationCopy {
  get<Instance>(token: { readonly name: string; readonly prototype: Instance }): Instance;
}

interface SelfDeclared {
  readonly index: number;
  readonly param: unknown;
}

function parametersOf(target: Type): unknown[] {
  const declared = (Reflect.getMetadata('design:paramtypes', target) ?? []) as unknown[];
  const parameters = [...declared];
  for (const { index, param } of (Reflect.getMetadata('self:paramtypes', target) ?? []) as SelfDeclared[]) parameters[index] = param;
  return parameters;
}

/**
 * Makes copies of one Nest application: new instances of every provider, wired as Nest wired the first. Nest's own start takes a
 * tenth of a second, a copy a few milliseconds, and the simulation starts several processes in each history.
 */
export class ApplicationCopies {
  private constructor(private readonly modules: readonly ModuleRecord[]) {}

  /** Builds the application once. `replaced` are the tokens for which every copy gets a value of its own. */
  static async of(root: DynamicModule, replaced: Replacements): Promise<ApplicationCopies> {
    let builder = Test.createTestingModule({ imports: [root] });
    for (const [token, value] of replaced) builder = builder.overrideProvider(token as InjectionToken).useValue(value);
    const application = await builder.compile();
    const { container } = application as unknown as { container: Container };
    return new ApplicationCopies([...container.getModules().values()]);
  }

  /** Creates an instance of a class, and of all that it needs, when it is asked for. No lifecycle hook runs. */
  create(replaced: Replacements): ApplicationCopy {
    const instances = new Map<ProviderRecord, unknown>();
    const resolve = (token: InjectionToken, owner: ModuleRecord): unknown => {
      if (replaced.has(token)) return replaced.get(token);
      const found = findIn(owner, token) ?? this.findAnywhere(token);
      if (!found) throw new Error(`${typeof token === 'function' ? token.name : String(token)} has no provider`);
      const { record } = found;
      if (!instances.has(record))
        instances.set(
          record,
          instantiate(record, (needed) => resolve(tokenOf(needed), found.owner)),
        );
      return instances.get(record);
    };
    return {
      get: <Instance>(token: { readonly name: string; readonly prototype: Instance }) =>
        resolve(token as unknown as InjectionToken, noModule) as Instance,
    };
  }

  private findAnywhere(token: InjectionToken): Found | undefined {
    for (const owner of this.modules) {
      const record = owner.providers.get(token);
      if (record) return { record, owner };
    }
    return undefined;
  }
}

interface Found {
  readonly record: ProviderRecord;
  readonly owner: ModuleRecord;
}

const noModule: ModuleRecord = { providers: new Map(), imports: new Set(), exports: new Set(), metatype: Object };

/** Calls the factory or the constructor as Nest does. */
function instantiate({ metatype, inject, instance }: ProviderRecord, resolve: (parameter: unknown) => unknown): unknown {
  if (typeof metatype !== 'function') return instance;
  if (inject) return (metatype as (...args: unknown[]) => unknown)(...inject.map(resolve));
  return new (metatype as Type)(...parametersOf(metatype as Type).map(resolve));
}

const tokenOf = (parameter: unknown): InjectionToken =>
  (typeof parameter === 'object' && parameter !== null && 'token' in parameter ? parameter.token : parameter) as InjectionToken;

/** A provider of the module, or one that its imports export. */
function findIn(owner: ModuleRecord, token: InjectionToken): Found | undefined {
  const record = owner.providers.get(token);
  if (record) return { record, owner };
  for (const imported of owner.imports) {
    if (!imported.exports.has(token) && !reexports(imported)) continue;
    const found = findIn(imported, token);
    if (found && imported.exports.has(token)) return found;
    if (found && found.owner !== imported) return found;
  }
  return undefined;
}

const reexports = ({ imports, exports }: ModuleRecord): boolean => [...imports].some(({ metatype }) => exports.has(metatype));
