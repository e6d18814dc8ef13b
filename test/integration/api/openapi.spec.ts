import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { systemClock } from '#clock';
import { silentLogger } from '#domain';
import { QueueClient } from '#queue';
import { RunService } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { type QueueServer, startEmbeddedBeanstalkd } from '../../support/beanstalkd-process.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { ACCOUNT_ID, InstallScene, installAccount, saveKey } from '../install/install-scene.js';
import { contactsJob } from '../queue/queue-scene.js';
import { ApiScene, type Method } from './api-scene.js';
import { listRoutes } from './routes.js';

type Values = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly example?: unknown;
}

interface Operation {
  readonly summary: string;
  readonly 'x-audience': string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly example?: Values } } };
  readonly responses: Readonly<Record<string, { readonly content?: Values }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Example {
  /** `GET /accounts` */
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly operation: Operation;
}

/** Examples whose response is an error: a signature cannot be in a document, and the run ended two examples before. */
const refused: Readonly<Record<string, number>> = {
  'POST /sync/contacts/{run_id}/confirm': 409,
  'POST /unisender/webhook/{token}': 401,
  'GET /kommo/uninstall': 401,
};

/** Its response does not end. */
const STREAM = '/operations/stream';

const config = {
  consoleReadOnly: false,
  kommoRequestsPerSecond: 7,
  kommoAccountRequestsPerSecond: 7,
  unisenderRequestsPerMinute: 1_200,
  unisenderTotalRequestsPerMinute: 1_200,
  unisenderTotalExportsPerMinute: 20,
};

const readDocument = async (scene: ApiScene) => JSON.parse((await scene.send('GET', '/docs/json')).text) as Document;

const listExamples = ({ paths }: Document): Example[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const name = `${method.toUpperCase()} ${path}`;
      return { name, method: method.toUpperCase() as Method, path, operation };
    }),
  );

/** An object is a parameter that stands for several. */
const toPairs = ({ name, example }: Parameter): [string, string][] =>
  Object.entries(typeof example === 'object' && example !== null ? example : { [name]: example }).map(([key, value]) => [
    key,
    String(value),
  ]);

const toQuery = (parameters: readonly Parameter[]) =>
  new URLSearchParams(
    parameters.filter(({ in: place, example }) => place === 'query' && example !== undefined).flatMap(toPairs),
  ).toString();

describe('the OpenAPI document', () => {
  const databases = openTestDatabases('sqlite');
  let sandbox: Sandbox;
  let vendors: InstallScene;
  let queueServer: QueueServer;
  let queue: QueueClient;

  beforeAll(async () => {
    queueServer = await startEmbeddedBeanstalkd();
    const places = { find: () => [{ host: '127.0.0.1', port: queueServer.port }] };
    queue = new QueueClient(places, systemClock, silentLogger);
    sandbox = await startSandbox();
    vendors = new InstallScene(new SandboxControl(sandbox.url));
    await vendors.begin();
  });
  afterAll(async () => {
    await queue.close();
    await queueServer.stop();
    await sandbox.close();
  });

  const open = async () =>
    ApiScene.open({
      database: await databases.open(),
      sandboxUrl: sandbox.url,
      queue,
      config,
      isCompared: true,
    });

  it('is valid OpenAPI 3.1', async () => {
    const text = (await (await open()).send('GET', '/docs/json')).text;
    const validator = new Validator();
    expect(await validator.validate(JSON.parse(text) as Record<string, unknown>)).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('has every route with its audience, and every parameter that a route needs has an example', async () => {
    const scene = await open();
    const examples = listExamples(await readDocument(scene));
    const routes = listRoutes(scene).filter(({ method }) => method !== 'HEAD');
    const names = routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}').replace(/\/?\*$/, '/{file}')}`);
    expect(examples.map(({ name }) => name).sort()).toEqual(names.sort());
    const incomplete = examples.filter(({ operation: { parameters = [] } }) =>
      parameters.some(({ required, example }) => required && example === undefined),
    );
    expect(incomplete.map(({ name }) => name)).toEqual([]);
    expect(examples.filter(({ operation }) => operation['x-audience'] === undefined || operation.summary.endsWith('.'))).toEqual([]);
  });

  it('has examples that the service accepts', async () => {
    const scene = await open();
    const document = await readDocument(scene);
    const bodyOf = (path: string) => document.paths[path]?.['post']?.requestBody?.content['application/json'].example ?? {};
    const control = new SandboxControl(sandbox.url);
    const integration = bodyOf('/integration') as { client_id: string; client_secret: string; redirect_uri: string };
    await control.post('/kommo/integrations', integration);
    const { unisender_key: key } = bodyOf('/widget') as { unisender_key: string };
    await control.post('/unisender/accounts', { api_key: key, login: 'owner@example.org' });
    expect((await scene.sendAsOperator('POST', '/integration', { body: integration })).status).toBe(200);
    await installAccount(scene.harness, vendors);
    await saveKey(scene.harness, ACCOUNT_ID, key);
    const runs = scene.harness.get(RunService);
    const cancelRuns = async () => {
      for (const { run_id, finished_at } of await runs.list(ACCOUNT_ID)) if (finished_at === null) await runs.cancel(run_id);
    };
    const callback: Values = { ...(await vendors.allowFromWidget(ACCOUNT_ID)) };
    // A job that can be kicked is delayed.
    const putJob = async (path: string) =>
      (await queue.put(contactsJob(ACCOUNT_ID), path.endsWith('/kick') ? { delaySeconds: 600 } : {})).id;
    const pathValues = async ({ path }: Example): Promise<Values> => ({
      job_id: path.includes('job_id') ? await putJob(path) : undefined,
      run_id: (await runs.list(ACCOUNT_ID, 1))[0]?.run_id,
      token: path.includes('token')
        ? await scene.webhookToken(ACCOUNT_ID, path.startsWith('/unisender') ? 'unisender' : 'kommo')
        : undefined,
    });
    const unexpected: string[] = [];
    for (const example of listExamples(document).filter(({ path }) => path !== STREAM)) {
      const { name, method, path, operation } = example;
      // The example before may have started a run of its own.
      if (name === 'POST /sync/contacts') await cancelRuns();
      const values = await pathValues(example);
      const parameters = (operation.parameters ?? []).map((parameter) =>
        parameter.example === undefined ? parameter : { ...parameter, example: callback[parameter.name] ?? parameter.example },
      );
      const valueOf = (parameter: string) => values[parameter] ?? parameters.find(({ name: known }) => known === parameter)?.example;
      const url = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => encodeURIComponent(String(valueOf(parameter))));
      const body = operation.requestBody?.content['application/json'].example;
      const { status, text } = await scene.sendAsOperator(method, `${url}?${toQuery(parameters)}`, body ? { body } : {});
      if (status !== (refused[name] ?? status) || (status >= 400 && refused[name] === undefined))
        unexpected.push(`${name} ${status} ${text.slice(0, 500)}`);
    }
    expect(unexpected).toEqual([]);
  });
});
