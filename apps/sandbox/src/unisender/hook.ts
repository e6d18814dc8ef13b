/** A subscription made with setHook (reference unisender 8.2); the URL is its identity. */
export interface UnisenderHook {
  readonly hookUrl: string;
  readonly events: ReadonlyMap<string, string>;
  readonly singleEvent: boolean;
  readonly maxParallel: number;
  status: 'active' | 'stopped';
}
