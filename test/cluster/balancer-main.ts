import { Balancer } from './balancer.js';

const [port = 0, ...backends] = process.argv.slice(2).map(Number);
const balancer = new Balancer(backends);
await balancer.listen(port);
process.stdout.write('{"balancer":"ready"}\n');

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void balancer.close().then(() => process.exit(0)));
