import { Agent, request } from 'node:http';

/**
 * The bare counterpart of an import: fetches the pages of contacts one after another and posts their addresses in calls of 500 rows. No
 * database, no checks, no limits. Its argument is a {@link BareImport} as JSON; it prints a {@link BareResult}.
 */
export interface BareImport {
  readonly vendorsUrl: string;
  readonly kommoHost: string;
  /** The body of the code exchange, which is not measured. */
  readonly exchange: Readonly<Record<string, string>>;
  readonly unisenderKey: string;
  readonly listId: number;
}

/** What it did. */
export interface BareResult {
  readonly contacts: number;
  readonly rows: number;
  readonly elapsedMs: number;
  readonly cpuMs: number;
}

interface Page {
  readonly _links: { readonly next?: unknown };
  readonly _embedded: { readonly contacts: readonly Contact[] };
}

interface Contact {
  readonly name: string;
  readonly custom_fields_values:
    readonly { readonly field_code: string | null; readonly values: readonly { readonly value: string }[] }[] | null;
}

const ROWS_PER_CALL = 500;
const { vendorsUrl, kommoHost, exchange, unisenderKey, listId } = JSON.parse(process.argv[2] ?? '') as BareImport;
const agent = new Agent({ keepAlive: true });

async function send(method: string, path: string, headers: Record<string, string>, body = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${vendorsUrl}${path}`, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    });
    sent.on('error', reject).end(body);
  });
}

async function getToken(): Promise<string> {
  const headers = { host: kommoHost, 'content-type': 'application/json' };
  const text = await send('POST', '/oauth2/access_token', headers, JSON.stringify(exchange));
  return (JSON.parse(text) as { access_token: string }).access_token;
}

async function fetchPage(page: number): Promise<Page | undefined> {
  const headers = { host: kommoHost, authorization: `Bearer ${accessToken}` };
  const text = await send('GET', `/api/v4/contacts?page=${page}&limit=250&order[id]=asc`, headers);
  return text === '' ? undefined : (JSON.parse(text) as Page);
}

async function post(rows: readonly (readonly [string, string])[]): Promise<void> {
  const form = new URLSearchParams({ format: 'json', api_key: unisenderKey });
  ['email', 'Name', 'email_list_ids'].forEach((name, index) => form.append(`field_names[${index}]`, name));
  rows.forEach((row, index) => [...row, String(listId)].forEach((value, cell) => form.append(`data[${index}][${cell}]`, value)));
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = JSON.parse(await send('POST', '/ru/api/importContacts', headers, form.toString())) as { result?: unknown };
  if (response.result === undefined) throw new Error(`importContacts: ${JSON.stringify(response)}`);
}

const emailsOf = ({ custom_fields_values }: Contact): string[] =>
  (custom_fields_values ?? []).filter(({ field_code }) => field_code === 'EMAIL').flatMap(({ values }) => values.map(({ value }) => value));

const waiting: [string, string][] = [];
let [contacts, rows] = [0, 0];
const accessToken = await getToken();
const startedAt = performance.now();
const cpuBefore = process.cpuUsage();

async function flush(minRows: number): Promise<void> {
  while (waiting.length >= minRows) {
    const call = waiting.splice(0, ROWS_PER_CALL);
    rows += call.length;
    await post(call);
  }
}

for (let page = 1, hasNext = true; hasNext; page += 1) {
  const fetched = await fetchPage(page);
  for (const contact of fetched?._embedded.contacts ?? []) {
    contacts += 1;
    for (const email of emailsOf(contact)) waiting.push([email, contact.name]);
  }
  await flush(ROWS_PER_CALL);
  hasNext = fetched?._links.next !== undefined;
}
await flush(1);
const { user, system } = process.cpuUsage(cpuBefore);
const result: BareResult = { contacts, rows, elapsedMs: performance.now() - startedAt, cpuMs: (user + system) / 1_000 };
process.stdout.write(`${JSON.stringify(result)}\n`);
agent.destroy();
