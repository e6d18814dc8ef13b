import { findProjectFolder } from '#config';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { responseSchemasFile } from '../src/docs/response-schemas.js';
import { writeTypeSchemas } from './type-schemas.js';

const schemas = writeTypeSchemas(join(findProjectFolder(), 'apps/api/src/docs/api-types.ts'), 'ApiTypes');
await mkdir(dirname(responseSchemasFile()), { recursive: true });
await writeFile(responseSchemasFile(), JSON.stringify(schemas));
