import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { systemClock } from '#clock';
import { ConfigModule, loadConfig } from '#config';
import { Clock, Logger, silentLogger } from '#domain';
import { KommoClient } from '#kommo';
import { SyncModule, TokenService } from '#sync';

/**
 * A process of the service. For each account id that it receives, it requests the account from Kommo. Its argument moves its
 * clock forward, in milliseconds.
 */
const shiftMs = Number(process.argv[2] ?? 0);
const clock = { nowMs: () => systemClock.nowMs() + shiftMs, sleep: (ms, signal) => systemClock.sleep(ms, signal) };

class RacerModule {}

const racer = {
  module: RacerModule,
  global: true,
  imports: [ConfigModule.forRoot(loadConfig()), SyncModule],
  providers: [
    { provide: Clock, useValue: clock },
    { provide: Logger, useValue: silentLogger },
  ],
  exports: [Clock, Logger],
};
const application = await NestFactory.createApplicationContext(racer, { logger: false, abortOnError: false });
const tokens = application.get(TokenService, { strict: false });
const kommo = application.get(KommoClient, { strict: false });

async function readAccount(accountId) {
  try {
    const account = await tokens.withSession(accountId, (session) => kommo.getAccount(session));
    return { accountId: account.accountId };
  } catch (error) {
    return { code: error.code ?? String(error) };
  }
}

process.on('message', (accountId) => void readAccount(accountId).then((result) => process.send(result)));
process.on('disconnect', () => void application.close().then(() => process.exit(0)));
process.send('ready');
