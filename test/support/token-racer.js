import { systemClock } from '#clock';
import { loadConfig } from '#config';
import { silentLogger } from '#domain';
import { composeSync } from '#sync';

/** A process of the service that asks Kommo who an account is whenever it is told an id; its argument sets its clock forward, in milliseconds. */
const shiftMs = Number(process.argv[2] ?? 0);
const clock = { nowMs: () => systemClock.nowMs() + shiftMs, sleep: (ms, signal) => systemClock.sleep(ms, signal) };
const { context, services, close } = await composeSync(loadConfig(), { clock, logger: silentLogger });

async function whoIs(accountId) {
  try {
    const account = await services.tokens.withSession(accountId, (session) => context.kommo.getAccount(session));
    return { accountId: account.accountId };
  } catch (error) {
    return { code: error.code ?? String(error) };
  }
}

process.on('message', (accountId) => void whoIs(accountId).then((answer) => process.send(answer)));
process.on('disconnect', () => void close().then(() => process.exit(0)));
process.send('ready');
