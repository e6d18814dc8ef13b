import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BodyStore, LargeBody, maxSlabBodyBytes, type Slab, textOf } from './body-store.js';

const MIB = 1024 * 1024;
/** Slabs that are partly empty whatever the bodies: the current one, spare ones, and the waste that is not worth a move. */
const FREE_BYTES = 8 * MIB;

type Step = readonly [action: 'put' | 'delete' | 'send' | 'sent', size: number];

const size = fc.oneof({ arbitrary: fc.integer({ min: 600, max: maxSlabBodyBytes + 10 }), weight: 9 }, fc.integer({ min: 1, max: 600 }));
const step: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom('put', 'put', 'put', 'delete', 'delete', 'send', 'sent'), size);

/** Bodies as they must be, and unsent replies that contain bodies. */
class Model {
  readonly store = new BodyStore();
  private readonly bodies: { readonly body: LargeBody; readonly text: string }[] = [];
  private readonly unsent: { readonly bytes: Buffer; readonly text: string; readonly slab: Slab | undefined }[] = [];
  private puts = 0;

  do([action, size]: Step): void {
    if (action === 'put') this.put(size);
    else if (action === 'sent') this.finishSending(size);
    else this.withBody(size, action);
  }

  /** Describes each body and each unsent reply that has other bytes than it must have. */
  findBroken(): string[] {
    const broken = this.bodies.filter(({ body, text }) => textOf(body) !== text).map(({ text }) => `body ${text.slice(0, 10)}`);
    const torn = this.unsent.filter(({ bytes, text }) => bytes.toString('latin1') !== text).map(({ text }) => `reply ${text.slice(0, 10)}`);
    return [...broken, ...torn];
  }

  get bodyBytes(): number {
    return this.bodies.reduce((sum, { body }) => sum + body.length, 0);
  }

  sendAll(): void {
    while (this.unsent.length > 0) this.finishSending(0);
  }

  private put(bytes: number): void {
    this.puts += 1;
    const body = this.store.allocate(bytes);
    const text = `${this.puts} `.repeat(bytes).slice(0, bytes);
    body.fill(0, Buffer.from(text, 'latin1'), 0);
    this.bodies.push({ body, text });
  }

  private withBody(at: number, action: 'delete' | 'send'): void {
    const index = at % Math.max(1, this.bodies.length);
    const found = this.bodies[index];
    if (!found) return;
    if (action === 'send') this.unsent.push({ bytes: found.body.view(), text: found.text, slab: this.store.hold(found.body) });
    else {
      this.bodies.splice(index, 1);
      this.store.release(found.body);
    }
  }

  private finishSending(at: number): void {
    const [reply] = this.unsent.splice(at % Math.max(1, this.unsent.length), 1);
    if (reply?.slab) this.store.endHold(reply.slab);
  }
}

/** Puts bodies in order and deletes the oldest ones, except for every `kept`th. Returns the kept ones. */
function passThrough(store: BodyStore, bodies: number, bodyBytes: number, kept: number): LargeBody[] {
  const waiting: LargeBody[] = [];
  const staying: LargeBody[] = [];
  for (let put = 0; put < bodies; put += 1) {
    const body = store.allocate(bodyBytes);
    body.view().fill(put % 251);
    (put % kept === 0 ? staying : waiting).push(body);
    const oldest = waiting.length > 10 ? waiting.shift() : undefined;
    if (oldest) store.release(oldest);
  }
  for (const body of waiting) store.release(body);
  return staying;
}

describe('BodyStore', () => {
  it('keeps the bytes of every body and of every unsent reply, whatever is deleted and moved meanwhile', () => {
    const histories = fc.array(step, { minLength: 50, maxLength: 900, size: 'max' });
    fc.assert(
      fc.property(histories, (steps) => {
        const model = new Model();
        for (const one of steps) model.do(one);
        expect(model.findBroken()).toEqual([]);
        model.sendAll();
        expect(model.findBroken()).toEqual([]);
        expect(model.store.slabBytes).toBeLessThanOrEqual(1.5 * model.bodyBytes + FREE_BYTES);
      }),
      { numRuns: 40 },
    );
  });

  it('uses the memory of deleted bodies again', () => {
    const store = new BodyStore();
    expect(passThrough(store, 5_000, 30_000, Infinity)).toHaveLength(1);
    expect(store.slabBytes).toBeLessThanOrEqual(4 * MIB);
  });

  it('moves bodies together when few of many stay', () => {
    const store = new BodyStore();
    const staying = passThrough(store, 20_000, 10_000, 100);
    expect(staying.map((body, index) => body.view().every((byte) => byte === (index * 100) % 251))).not.toContain(false);
    expect(store.slabBytes).toBeLessThanOrEqual(1.5 * 200 * 10_000 + FREE_BYTES);
  });

  it('does not use memory again before the replies in it are sent', () => {
    const store = new BodyStore();
    const body = store.allocate(1_000);
    const bytes = body.view().fill('a');
    const slab = store.hold(body);
    store.release(body);
    store.release(body);
    store.allocate(1_000).view().fill('b');
    expect(bytes.toString()).toBe('a'.repeat(1_000));
    if (slab) store.endHold(slab);
  });
});
