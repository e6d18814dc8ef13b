export { type SubscriptionChange } from './account/event-applier.js';
export { unisenderKeyContext } from './account/account-work.js';
export * from './context.js';
export * from './create-sync.js';
export { type ReceivedHook } from './inbox/inbox.js';
export { type AccountDetails, type AccountView } from './queries/account-queries.js';
export { type UnisenderImportView } from './queries/unisender-contacts.js';
export { RunActiveError } from './runs/run-service.js';
export { type RunView } from './runs/run-view.js';
