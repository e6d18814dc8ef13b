import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { verifyHookAuth } from './hook-auth.js';

const KEY = 'test-api-key';

function sign(template: string, key = KEY): Buffer {
  const auth = createHash('md5').update(template.replace('AUTH', key)).digest('hex');
  return Buffer.from(template.replace('AUTH', auth));
}

describe('verifyHookAuth', () => {
  it.each([
    ['the usual form', '{"auth":"AUTH","event_name":"unsubscribe","email":"a@example.org"}'],
    ['escaped slashes and letters beyond ASCII', '{"auth":"AUTH","x":"a\\/b","name":"Ирина 🙂"}'],
    ['spaces, and auth at the end', '{ "event_name" : "unsubscribe", "auth" : "AUTH" }'],
    ['another auth before it', `{"event":{"auth":"${'0'.repeat(32)}"},"auth":"AUTH"}`],
  ])('accepts %s', (_name, template) => {
    expect(verifyHookAuth(sign(template), KEY)).toBe(true);
  });

  it.each([
    ['another key', sign('{"auth":"AUTH"}', 'other')],
    ['a changed body', Buffer.from(sign('{"auth":"AUTH","email":"a@example.org"}').toString().replace('a@', 'b@'))],
    ['the same JSON written again', Buffer.from(sign('{"auth":"AUTH","x":"a\\/b"}').toString().replace('\\/', '/'))],
    ['no auth', Buffer.from('{}')],
    ['an empty auth', Buffer.from('{"auth":""}')],
    ['nothing', Buffer.alloc(0)],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00])],
    ['very many candidates', Buffer.from(`"auth":"${'0'.repeat(32)}"`.repeat(10_000))],
  ])('rejects %s', (_name, body) => {
    expect(verifyHookAuth(body, KEY)).toBe(false);
  });

  it('S20: reads at most four candidates of a body', () => {
    const wrong = `"auth":"${'0'.repeat(32)}",`;
    const after = (count: number) => sign(`{${wrong.repeat(count)}"auth":"AUTH"}`);
    expect([verifyHookAuth(after(3), KEY), verifyHookAuth(after(4), KEY)]).toEqual([true, false]);
  });

  it('rejects every body without a key', () => {
    expect(verifyHookAuth(sign('{"auth":"AUTH"}', ''), '')).toBe(false);
  });
});
