import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { getMetadataArgsStorage } from 'typeorm';
import './index.js';

const PAGE = new URL('../../../../docs/ARCHITECTURE.md', import.meta.url);

type Columns = Readonly<Record<string, readonly string[]>>;
type Entity = ReturnType<typeof getMetadataArgsStorage>['tables'][number]['target'];

const isInherited = (entity: Entity, base: Entity): boolean =>
  typeof entity === 'function' && typeof base === 'function' && entity.prototype instanceof base;

/** The columns of an entity in the form of the diagram, e.g. `bigint account_id PK, FK`. */
function describeColumns(entity: Entity): string[] {
  const { columns, joinColumns, indices } = getMetadataArgsStorage();
  const foreignKeys = new Set(joinColumns.filter(({ target }) => target === entity).map(({ name }) => name));
  const uniqueFields = indices
    .filter(({ target, unique }) => target === entity && unique)
    .map(({ columns: fields }) => (Array.isArray(fields) && fields.length === 1 ? fields[0] : undefined));
  return columns
    .filter(({ target }) => target === entity || isInherited(entity, target))
    .map(({ propertyName, options: { name, type, primary } }) => {
      const isUnique = uniqueFields.includes(propertyName);
      const keys = [...(primary ? ['PK'] : []), ...(foreignKeys.has(name) ? ['FK'] : []), ...(isUnique ? ['UK'] : [])];
      return [String(type), String(name), keys.join(', ')].join(' ').trim();
    });
}

const readEntities = (): Columns =>
  Object.fromEntries(getMetadataArgsStorage().tables.map(({ name, target }) => [String(name), describeColumns(target)]));

/** The tables of the diagram, without the comments of the columns. */
async function readDiagram(): Promise<Columns> {
  const diagram = /```mermaid\nerDiagram\n(.*?)\n```/s.exec(await readFile(PAGE, 'utf8'))?.[1] ?? '';
  const tables = [...diagram.matchAll(/^ {2}(\w+) \{\n(.*?)\n {2}\}/gms)];
  return Object.fromEntries(
    tables.map(([, name = '', body = '']) => [name, body.split('\n').map((line) => line.replace(/".*"/, '').trim())]),
  );
}

describe('the diagram of docs/ARCHITECTURE.md', () => {
  it('has every table with every column, in the order of the entity', async () => {
    expect(await readDiagram()).toEqual(readEntities());
  });
});
