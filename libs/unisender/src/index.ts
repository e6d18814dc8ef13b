export type { ExportRow } from './export-file.js';
export { verifyHookAuth } from './hook-auth.js';
export type { ImportResult, RejectedRow } from './import-result.js';
export { hashKey } from './hash-key.js';
export { type HookEvents, type ImportRows, UnisenderClient, UnisenderSettings } from './unisender-client.js';
export { UnisenderClientModule } from './unisender-client.module.js';
export { UnisenderKeyRefusedError, UnisenderMethodDeniedError, UnisenderRejectedError, vendorCodeOf } from './unisender-errors.js';
export { readUnisenderHook, type UnisenderEvent } from './unisender-event.js';
export {
  toEpochMs,
  type UnisenderContact,
  type UnisenderField,
  type UnisenderHook,
  type UnisenderList,
  type UnisenderTask,
} from './unisender-records.js';
