declare module 'fivebeans/lib/worker.js' {
  import { EventEmitter } from 'node:events';

  type End = (action: 'success' | 'release' | 'bury', delaySeconds?: number) => void;

  class Worker extends EventEmitter {
    constructor(options: {
      readonly id: string;
      readonly host: string;
      readonly port: number;
      readonly handlers: Readonly<Record<string, { readonly type: string; work(payload: unknown, end: End): void }>>;
      readonly ignoreDefault: boolean;
      readonly timeout: number;
    });
    start(tubes: readonly string[]): void;
    stop(): void;
  }

  export default Worker;
}
