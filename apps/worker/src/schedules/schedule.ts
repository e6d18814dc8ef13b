/** Work that comes round by the clock. */
export interface Schedule {
  readonly name: string;
  readonly every: { readonly cron: string } | { readonly seconds: number };
  run(): Promise<void>;
}
