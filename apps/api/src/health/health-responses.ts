/** The process runs. */
export interface LivenessResponse {
  readonly status: 'live';
}

/** Whether this process can serve. */
export interface ReadinessResponse {
  /** `degraded`: it can serve, but no worker is alive; webhooks are stored and wait. */
  readonly status: 'ready' | 'degraded' | 'not_ready';
  /** Only while the process is being stopped. It is not ready then, whatever the checks say. */
  readonly stopping?: true;
  readonly checks: {
    readonly database: 'up' | 'down';
    readonly migrations: 'done' | 'pending' | 'unknown';
    readonly queue: 'up' | 'down';
    /** Whether DATA_DIR can be written, if there is one. */
    readonly disk: 'up' | 'down';
    /** Whether a worker has reported within two minutes. */
    readonly workers: 'up' | 'down' | 'unknown';
  };
}
