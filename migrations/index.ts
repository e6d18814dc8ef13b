import { InitialSchema1790000000000 } from './1790000000000-initial-schema.js';
import { SparseContactIndices1790000001000 } from './1790000001000-sparse-contact-indices.js';
import { ExportedAddedAt1790000002000 } from './1790000002000-exported-added-at.js';

/** Every migration, oldest first. */
export const migrations = [InitialSchema1790000000000, SparseContactIndices1790000001000, ExportedAddedAt1790000002000];
