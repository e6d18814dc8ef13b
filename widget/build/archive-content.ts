import { createSourceFile, type Node, ScriptTarget, type SourceFile } from 'typescript';

/** A place of an archive that breaks a rule. */
export interface Finding {
  readonly place: string;
  readonly message: string;
}

/** A broken rule. */
export interface Problem extends Finding {
  readonly rule: string;
}

/** Returns what breaks the rule. */
export type Rule = (content: ArchiveContent) => Finding[];

export type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value of a JSON object at a path; undefined when it is absent. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((current, name) => (isObject(current) && Object.hasOwn(current, name) ? current[name] : undefined), value);
}

/** The texts of a JSON object by their path, such as `widget.name`. */
export function textsOf(value: unknown, prefix = ''): Map<string, string> {
  if (typeof value === 'string') return new Map([[prefix, value]]);
  const entries = isObject(value) ? Object.entries(value) : [];
  return new Map(entries.flatMap(([name, item]) => [...textsOf(item, prefix === '' ? name : `${prefix}.${name}`)]));
}

const toList = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []);

/** The files of an archive, parsed on demand. */
export class ArchiveContent {
  /** Without folders. */
  readonly names: readonly string[];
  readonly manifest: JsonObject;
  readonly locales: readonly string[];
  readonly locations: readonly string[];

  constructor(readonly files: Readonly<Record<string, Uint8Array>>) {
    this.names = Object.keys(files).filter((name) => !name.endsWith('/'));
    this.manifest = this.json('manifest.json') ?? {};
    this.locales = toList(valueAt(this.manifest, 'widget', 'locale'));
    this.locations = toList(this.manifest['locations']);
  }

  /** An empty text when the file is absent. */
  text(name: string): string {
    return Buffer.from(this.files[name] ?? '').toString('utf8');
  }

  /** Undefined when the file is no JSON object. */
  json(name: string): JsonObject | undefined {
    try {
      const value: unknown = JSON.parse(this.text(name));
      return isObject(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  /** The scripts of the archive. */
  get scripts(): readonly string[] {
    return this.names.filter((name) => name.endsWith('.js'));
  }

  parseScript(name: string): SourceFile {
    return createSourceFile(name, this.text(name), ScriptTarget.Latest, true);
  }
}

/** Calls `visit` for the node and everything in it. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}
