import { systemClock } from '#clock';
import { loadConfig } from '#config';
import { silentLogger } from '#domain';
import { composeSync } from '#sync';

/**
 * A process of the service. For each account id that it receives, it requests the account from Kommo. Its argument moves its
 * clock forward, in milliseconds.
 */
const shiftMs = Number(process.argv[2] ?? 0);
const clock = { nowMs: () => systemClock.nowMs() + shiftMs, sleep: (ms, signal) => systemClock.sleep(ms, signal) };
const { context, services, close } = await composeSync(loadConfig(), { clock, logger: silentLogger });

async function readAccount(accountId) {
  try {
    const account = await services.tokens.withSession(accountId, (session) => context.kommo.getAccount(session));
    return { accountId: account.accountId };
  } catch (error) {
    return { code: error.code ?? String(error) };
  }
}

process.on('message', (accountId) => void readAccount(accountId).then((result) => process.send(result)));
process.on('disconnect', () => void close().then(() => process.exit(0)));
process.send('ready');
