/** Work that comes round by the clock. */
export interface Schedule {
  readonly name: string;
  readonly every: { readonly cron: string } | { readonly seconds: number };
  /** The first round comes with the process, not only when the clock says so. */
  readonly isDueAtStart?: boolean;
  run(): Promise<void>;
}
