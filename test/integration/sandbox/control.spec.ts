import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sendRequest, bearer, SandboxClient, type Json } from './sandbox-harness.js';

let client: SandboxClient;

beforeEach(async () => {
  client = await SandboxClient.start();
});

afterEach(() => client.stop());

describe('the control API', () => {
  it.each([
    ['POST', '/kommo/accounts/5/contacts', {}, 404],
    ['POST', '/kommo/accounts', { subdomain: 'a b' }, 400],
    ['POST', '/kommo/accounts', { subdomian: 'x' }, 400],
    ['POST', '/kommo/integrations', { redirect_uri: 'nowhere' }, 400],
    ['POST', '/unisender/accounts/none/unsubscribe', { email: 'x' }, 404],
    ['POST', '/switches', { 'kommo.rotation': 'C', nothing: 1 }, 400],
    ['PUT', '/switches', {}, 405],
    ['GET', '/elsewhere', undefined, 404],
  ])('rejects %s %s with %o: status %i and a reason', async (method, path, body, status) => {
    const response = await client.control(method, path, body);
    expect(response.status).toBe(status);
    expect(response.json.error).not.toHaveLength(0);
  });

  it('lists every invalid switch and sets none', async () => {
    const response = await client.control('POST', '/switches', { 'kommo.rotation': 'C', 'kommo.hook_batch': 5, nothing: 1 });
    expect(response.json.error).toBe('kommo.rotation must be A | B; unknown switch nothing');
    expect((await client.control('GET', '/switches')).json['kommo.hook_batch']).toBe(1);
  });

  it('rejects a body that is not JSON', async () => {
    const response = await sendRequest(client.sandbox.url, '/sandbox/kommo/accounts', { form: 'a=b' });
    expect([response.status, response.json.error]).toEqual([400, 'the body is not JSON']);
  });

  it('removes everything on reset', async () => {
    await client.connectAccount({ id: 7 });
    await client.setSwitches({ 'kommo.hook_batch': 5 });
    expect((await client.control('POST', '/reset')).status).toBe(204);
    expect((await client.control('GET', '/kommo/accounts')).json).toEqual([]);
    expect((await client.control('GET', '/calls')).json).toEqual([]);
    expect((await client.control('GET', '/switches')).json['kommo.hook_batch']).toBe(1);
  });

  it('generates the same people for the same seed, with none to three addresses, some shared, some invalid', async () => {
    const emailsOf = async () => {
      const { id, host, access } = await client.connectAccount();
      await client.setSwitches({ 'kommo.requests_per_second': 0 });
      await client.control('POST', `/kommo/accounts/${id}/contacts`, { count: 1000, seed: 11, tag: 't' });
      const pages = await Promise.all(
        [1, 2, 3, 4].map((page) => client.callKommo(host, `/api/v4/contacts?limit=250&page=${page}`, { headers: bearer(access) })),
      );
      return pages.flatMap(({ json }) => (json._embedded?.contacts as unknown as Json[]).map(emails));
    };
    const [one, two] = [await emailsOf(), await emailsOf()];
    expect(one).toEqual(two);
    expect(new Set(one.map(({ length }) => length))).toEqual(new Set([0, 1, 2, 3]));
    const all = one.flat();
    expect(all.length).toBeGreaterThan(new Set(all).size);
    expect(all.some((email) => !email.includes('@'))).toBe(true);
  });

  it('gives each account its own field and enum ids', async () => {
    const [one, two] = [await client.control('POST', '/kommo/accounts', {}), await client.control('POST', '/kommo/accounts', {})];
    const ids = ({ json }: typeof one) => (json.fields as unknown as { id: number }[]).map(({ id }) => id);
    expect(ids(one).filter((id) => ids(two).includes(id))).toEqual([]);
  });
});

function emails(contact: Json): string[] {
  const fields = (contact.custom_fields_values ?? []) as unknown as { field_code: string; values: { value: string }[] }[] | null;
  return (fields ?? []).filter(({ field_code }) => field_code === 'EMAIL').flatMap(({ values }) => values.map(({ value }) => value));
}
