/** Keys of the query cache. Everything of one account begins with the key of the account. */
export const keys = {
  overview: ['overview'],
  accounts: ['accounts'],
  queues: ['queues'],
  pauses: ['pauses'],
  system: ['system'],
  audit: ['audit'],
  failures: ['failures'],
  account: (accountId: number) => ['account', accountId] as const,
  runs: (accountId: number) => ['account', accountId, 'runs'] as const,
  addresses: (accountId: number, state: string) => ['account', accountId, 'addresses', state] as const,
  events: (accountId: number, search: string) => ['account', accountId, 'events', search] as const,
  settings: (accountId: number) => ['account', accountId, 'settings'] as const,
  options: (accountId: number) => ['options', accountId] as const,
  peek: (tube: string, state: string) => ['peek', tube, state] as const,
} as const;
