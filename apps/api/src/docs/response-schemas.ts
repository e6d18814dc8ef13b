import { findProjectFolder } from '#config';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BugError } from '#domain';

import type { ApiTypeName } from './api-types.js';

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The schema itself, or a reference to that of a type. */
export const schemaOf = (schema: JsonSchema | ApiTypeName): JsonSchema =>
  typeof schema === 'string' ? { $ref: `#/components/schemas/${schema}` } : schema;

/** Where the build puts the JSON Schemas of `ApiTypes`. */
export const responseSchemasFile = (): string => join(findProjectFolder(), 'dist/apps/api/response-schemas.json');

/** Reads the JSON Schemas of `ApiTypes` and of the interfaces that these use. Throws BugError when the service is not built. */
export async function readResponseSchemas(): Promise<Readonly<Record<string, JsonSchema>>> {
  try {
    return JSON.parse(await readFile(responseSchemasFile(), 'utf8')) as Record<string, JsonSchema>;
  } catch (cause) {
    throw new BugError('The service is not built: run npm run build', { code: 'route_undocumented', cause });
  }
}
