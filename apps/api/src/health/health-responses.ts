/** The process runs. */
export interface LivenessResponse {
  readonly status: 'live';
}

/** Whether this process can serve. */
export interface ReadinessResponse {
  readonly status: 'ready' | 'not_ready';
  readonly checks: {
    readonly database: 'up' | 'down';
    readonly migrations: 'done' | 'pending' | 'unknown';
    readonly queue: 'up' | 'down';
  };
}
