import { readFileSync } from 'node:fs';
import { inRoot } from './project.js';

const ADDON = inRoot('node_modules', 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node');

/** What the headers of Node 24.19 and later, and of 26.4 and later, compile into an addon. */
const HOOK = 'RemoveEnvironmentCleanupHook';

/** Node 24, and Node 26 before 26.4, abort when an object with that hook is freed: https://github.com/nodejs/node/issues/65446 */
function abortsWithHook(version) {
  const [major, minor] = version.split('.').map(Number);
  return major === 24 || (major === 26 && minor < 4);
}

function readAddon() {
  try {
    return readFileSync(ADDON);
  } catch {
    return undefined;
  }
}

/** Says why this Node would abort with the installed better-sqlite3, and what to do. Undefined when it does not. */
export function findSqliteProblem(version = process.versions.node) {
  if (!abortsWithHook(version) || !readAddon()?.includes(HOOK)) return undefined;
  const remedy = 'use Node 26 and run "npm rebuild better-sqlite3", or see docs/OPERATIONS.md, "Node 24"';
  return `Node ${version} aborts with this build of better-sqlite3 (nodejs/node#65446): ${remedy}`;
}
