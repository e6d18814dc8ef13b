#!/usr/bin/env node
import { root } from './project.js';

// The settings file `.env` and a relative DATA_DIR belong to the folder of the service, as with npm run.
process.chdir(root);
process.argv.splice(2, 0, 'cli');
await import('./run.js');
