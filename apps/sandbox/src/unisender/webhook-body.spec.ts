import { describe, expect, it } from '@jest/globals';
import { readJsonSample } from '../../../../test/support/samples.js';
import { signedBody } from './webhook-body.js';

interface Vector {
  readonly label: string;
  readonly api_key: string;
  readonly body: string;
}

const { vectors } = readJsonSample<{ vectors: Vector[] }>('unisender', 'webhook.auth-vectors.json');

describe('signedBody', () => {
  it.each(vectors.map((vector) => [vector.label, vector] as const))('signs %s as captured', (_label, { api_key, body }) => {
    const { auth: _auth, ...content } = JSON.parse(body) as Record<string, unknown>;
    expect(signedBody(api_key, content)).toBe(body);
  });
});
