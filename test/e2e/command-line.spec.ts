import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AccountView, AuditView, RunView } from '#sync';
import { eventually } from '../support/built-process.js';
import { captureTerminal } from '../support/captured-terminal.js';
import { runCli, runCliForJson } from '../support/in-process-cli.js';
import { ServiceProcesses } from '../support/service-processes.js';
import { VendorAccount } from '../support/vendor-account.js';

const ACCOUNT_ID = 32_000_900;
const KEY = `unisender-key-${ACCOUNT_ID}-0123456789abcdef`;
const id = String(ACCOUNT_ID);

let service: ServiceProcesses;
beforeAll(async () => {
  service = await ServiceProcesses.start({ mode: 'embedded', env: { APPROVE_ACCOUNTS: '1' } });
  await service.control.post('/kommo/accounts', { id: ACCOUNT_ID, name: 'Guided shop', subdomain: 'guided' });
  await service.control.post('/unisender/accounts', { api_key: KEY, login: 'guided@example.org' });
});
afterAll(() => service.stop(), 60_000);

const options = () => ({ env: service.environment });
const run = (...args: string[]) => runCli(args, options());
const runForJson = async <Document>(...args: string[]) => runCliForJson<Document>(args, options());

/** Opens the link that `connect` prints and allows the access, as the administrator does. */
async function allowAccess(printed: () => string): Promise<void> {
  const link = await eventually('a consent link', () => /^ {2}(http\S+state=\S+)$/m.exec(printed())?.[1]);
  const state = new URL(link).searchParams.get('state');
  const { redirect } = await service.control.post<{ redirect: string }>(`/kommo/accounts/${ACCOUNT_ID}/consent`, {
    client_id: service.clientId,
    state,
  });
  const { pathname, search } = new URL(redirect);
  await service.api.send('GET', pathname + search);
}

describe('the command line beside a running service', () => {
  it('connects an account: prints the link, waits for the access, asks for the key and the list, and waits for the import', async () => {
    const terminal = captureTerminal();
    const asked: string[] = [];
    const answer = async (question: string, text: string) => {
      asked.push(question);
      return text;
    };
    const connected = runCli(['connect', '--json'], {
      ...options(),
      terminal,
      questions: {
        text: (question) => answer(question, id),
        secret: (question) => answer(question, KEY),
        choose: async (question, [first]) => {
          asked.push(question);
          if (!first) throw new Error('there is no choice');
          return first.value;
        },
      },
    });
    await allowAccess(() => terminal.errors.text);
    const { exitCode, output, errors } = await connected;
    expect(exitCode).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ account_id: ACCOUNT_ID, mode: 'import', state: 'completed' });
    expect(asked).toEqual([expect.stringContaining('Id of the Kommo account'), expect.stringContaining('key'), expect.stringContaining('list')]); // prettier-ignore
    expect(errors).toContain('Every contact is in Unisender');
    expect(output + errors).not.toContain(KEY);
  });

  it('imports and reconciles with progress, and lists the runs', async () => {
    for (const mode of ['import', 'reconcile']) {
      const { exitCode, output, errors } = await run(mode, id, '--wait');
      expect([exitCode, output]).toEqual([0, expect.stringContaining('completed')]);
      expect(errors).toMatch(new RegExp(`^${mode} [0-9a-f-]+: completed, `, 'm'));
    }
    const { document } = await runForJson<{ runs: RunView[] }>('runs', id);
    expect(document.runs.map(({ mode }) => mode)).toEqual(['reconcile', 'import', 'import']);
  });

  it('leaves the run running after Ctrl-C, says so, and cancels it on request', async () => {
    await run('pause', 'imports');
    const terminal = captureTerminal();
    let interrupt: (() => void) | undefined;
    const waiting = runCli(['import', id, '--wait', '--json'], { ...options(), terminal, onInterrupt: (stop) => (interrupt = stop) });
    await eventually('progress', () => terminal.errors.text.includes('queued'));
    interrupt?.();
    const { exitCode, output, errors } = await waiting;
    const queued = JSON.parse(output) as RunView;
    expect([exitCode, queued.state]).toEqual([130, 'queued']);
    expect(errors).toContain(`Run ${queued.run_id} continues`);
    const second = await run('import', id);
    expect([second.exitCode, second.errors]).toEqual([77, expect.stringContaining(queued.run_id)]);
    expect(await runForJson('runs', id, '--cancel', queued.run_id)).toMatchObject({ document: { state: 'cancelled' } });
    expect((await run('runs', id, '--run', queued.run_id, '--wait')).exitCode).toBe(1);
    await run('resume', 'imports');
  });

  it('shows and changes the queue', async () => {
    await run('pause', 'times');
    const { document: job } = await runForJson<{ id: string }>('how-time');
    expect((await runForJson('peek', 'times', '--state', 'ready')).document).toMatchObject({ jobs: [{ id: job.id }] });
    expect((await runForJson('bury', job.id)).document).toEqual({ jobs: 1 });
    const { document } = await runForJson<{ queues: { tube: string; buried: number }[] }>('queues');
    expect(document.queues.find(({ tube }) => tube === 'times')).toMatchObject({ buried: 1, paused: true });
    expect((await run('doctor')).output).toContain('1 job of the tube times is buried');
    expect((await runForJson('kick', 'times', '--all')).document).toEqual({ jobs: 1 });
    await run('resume', 'times');
    expect((await run('kick', '999999')).exitCode).toBe(64);
  });

  it.each([
    ['accounts'],
    ['settings', id],
    ['settings', id, 'write_back=false', '--preview'],
    ['resync', 'all-failing'],
    ['failures'],
    ['failures', '--account', id],
    ['export', 'anna@example.org'],
    ['erase', 'anna@example.org'],
    ['rotate-webhooks', '--account', id],
    ['rotate-key'],
    ['update-accesses', '1'],
    ['migrate'],
  ])('prints one JSON document: %s %s', async (...args) => {
    expect((await runForJson(...args)).exitCode).toBe(0);
  });

  it('names a misspelt setting, and refuses a value that is none', async () => {
    expect(await run('settings', id, 'writeback=false')).toMatchObject({ exitCode: 64, errors: expect.stringContaining('Did you mean write_back?') }); // prettier-ignore
    expect((await run('settings', id, 'delete_policy=burn')).exitCode).toBe(64);
  });

  it('records what it changes, with the actor cli', async () => {
    const { audit } = await service.api.send<{ audit: AuditView[] }>('GET', '/operations/audit?limit=1000');
    const actions = new Set(audit.filter(({ actor }) => actor === 'cli').map(({ action }) => action));
    const expected = ['account.configure', 'run.start', 'run.cancel', 'tube.pause', 'tube.resume', 'tube.kick', 'job.bury', 'job.put'];
    const others = ['account.resync', 'person.export', 'person.erase', 'webhooks.rotate', 'key.rotate', 'tokens.renew'];
    expect([...actions]).toEqual(expect.arrayContaining([...expected, ...others]));
  });

  it('exits with 3 when a run waits for a confirmation, and removes the addresses after it', async () => {
    const company = new VendorAccount(service.control, ACCOUNT_ID, KEY);
    const names = Array.from({ length: 12 }, (_, index) => `former${index}`);
    const ids = await company.createMany(names.map((name) => ({ name, emails: [`${name}@example.org`], hooks: false })));
    expect((await run('import', id, '--wait')).exitCode).toBe(0);
    for (const contactId of ids) await company.remove(contactId, { silent: true });
    const { exitCode, output } = await run('reconcile', id, '--wait');
    const [, runId = ''] = /--confirm ([0-9a-f-]+)/.exec(output) ?? [];
    expect([exitCode, output]).toEqual([3, expect.stringContaining(`${names.length} addresses, e.g. former`)]);
    expect((await run('runs', id, '--confirm', runId, '--wait')).exitCode).toBe(0);
    expect(await company.held()).toEqual(new Map());
  });

  it('approves an account that waits for it', async () => {
    const { accountId } = await service.addAccount();
    const listed = async (...args: string[]) => {
      const { document } = await runForJson<{ accounts: AccountView[] }>('accounts', ...args);
      return document.accounts.find(({ account_id }) => account_id === accountId);
    };
    expect(await listed()).toMatchObject({ status: 'pending_authorization', attention: ['approval_required'] });
    expect(await listed('--approve', String(accountId))).toMatchObject({ status: 'active', attention: [] });
    expect((await run('accounts', '--approve', '77')).exitCode).toBe(64);
  });

  it('completes commands in bash', async () => {
    const { exitCode, output } = await service.runCommandWithOutput('completion', 'bash');
    expect(exitCode).toBe(0);
    execFileSync('bash', ['-n'], { input: output });
    expect((await service.runCommandWithOutput('complete', '--', 're')).output).toContain('reconcile');
  });
});
