import { parseArgs } from 'node:util';
import { startSandbox } from './sandbox.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8090' },
    host: { type: 'string', default: '127.0.0.1' },
    seed: { type: 'string', default: '1' },
  },
});

// Other users of the machine read none of the files.
process.umask(0o077);

const port = wholeNumber('port', values.port);
const seed = wholeNumber('seed', values.seed);
const sandbox = await startSandbox({ port, host: values.host, seed }).catch((error: Error) => fail(`cannot listen: ${error.message}`));
process.stdout.write(`${JSON.stringify({ sandbox: 'ready', port: sandbox.port })}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void sandbox.close().then(() => process.exit(0)));
}

function wholeNumber(name: string, text: string): number {
  return /^\d+$/.test(text) ? Number(text) : fail(`--${name} must be a whole number`);
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(2);
}
