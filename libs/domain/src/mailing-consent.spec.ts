import { describe, expect, it } from '@jest/globals';
import {
  type ConsentView,
  type Refusal,
  type Refusals,
  addRefusals,
  addShownRefusals,
  consentOf,
  latestPutMs,
  learnFromView,
  mayLift,
  noRefusals,
  viewOfContact,
  viewOfExport,
} from './mailing-consent.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const REFUSED = 100 * HOUR;
const LEARNED = REFUSED + HOUR;
const LATER = LEARNED + HOUR;

const refusal = (over: Partial<Refusal> = {}): Refusal => ({
  kind: 'unsubscribed',
  refusedAtMs: REFUSED,
  learnedAtMs: LEARNED,
  isUnproven: false,
  ...over,
});
const unproven = refusal({ isUnproven: true });
const REFUSAL_BEFORE = { kind: 'unsubscribed', refusedAtMs: REFUSED, learnedAtMs: LEARNED };
const view = (over: Partial<ConsentView> = {}): ConsentView => ({
  askedAtMs: LATER,
  status: 'active',
  isOnOurList: true,
  hasLeftList: false,
  hasLeftOtherList: false,
  ...over,
});
const PUT = REFUSED - HOUR;
const consentAfter = (known: Refusals, seen: ConsentView, putUntilMs: number | null = PUT) =>
  consentOf(learnFromView(known, seen, putUntilMs, LATER));

describe('latestPutMs', () => {
  it.each<[string, Parameters<typeof latestPutMs>, number]>([
    ['is the end of the second of the response', [REFUSED, REFUSED + 5_000], REFUSED + 6_000],
    ['is not before the present time when the clock of Unisender is behind', [REFUSED, REFUSED - 5_000], REFUSED],
    ['is 15 minutes later without a time of Unisender', [REFUSED], REFUSED + 15 * MINUTE],
    ['is a day later at most', [REFUSED, REFUSED + 1_000 * HOUR], REFUSED + 24 * HOUR],
  ])('%s', (_name, args, endMs) => {
    expect(latestPutMs(...args)).toBe(endMs);
  });
});

describe('mayLift', () => {
  it.each<[string, Parameters<typeof mayLift>, boolean]>([
    ['evidence of the same scope', ['list', refusal(), { scope: 'list', askedAtMs: LATER }, null], true],
    ['evidence of the other scope', ['list', refusal(), { scope: 'global', askedAtMs: LATER }, null], false],
    ['an answer that was asked for before the refusal was learnt', ['list', refusal(), { scope: 'list', askedAtMs: LEARNED }, null], false],
    ['an answer that was asked for when it was learnt', ['list', refusal(), { scope: 'list', askedAtMs: LEARNED }, null], false],
    ['an answer that was asked for just after it was learnt', ['list', refusal(), { scope: 'list', askedAtMs: LEARNED + 1 }, null], true],
    ['a row of ours before the refusal', ['global', refusal(), { scope: 'global', askedAtMs: LATER }, REFUSED], true],
    ['a row of ours after the refusal', ['global', refusal(), { scope: 'global', askedAtMs: LATER }, REFUSED + 1], false],
    [
      'a row of ours 24 hours before the receipt of a refusal without a time',
      ['global', refusal({ refusedAtMs: null }), { scope: 'global', askedAtMs: LATER }, LEARNED - 24 * HOUR],
      true,
    ],
    [
      'a row of ours within 24 hours before the receipt of a refusal without a time',
      ['global', refusal({ refusedAtMs: null }), { scope: 'global', askedAtMs: LATER }, LEARNED - 24 * HOUR + 1],
      false,
    ],
  ])('%s', (_name, args, lifts) => {
    expect(mayLift(...args)).toBe(lifts);
  });
});

describe('R51: addShownRefusals', () => {
  const both: Refusals = { global: unproven, list: unproven };

  it('adds what the answer shows', () => {
    const added = addShownRefusals(noRefusals, view({ status: 'blocked', hasLeftList: true }), LATER);
    const learnt = { refusedAtMs: null, learnedAtMs: LATER, isUnproven: false };
    expect(added).toEqual({ global: { ...learnt, kind: 'blocked' }, list: { ...learnt, kind: 'unsubscribed' } });
  });

  it.each([view(), view({ status: 'unsubscribed' }), view({ isOnOurList: false, hasLeftList: true })])('lifts nothing: %j', (shown) => {
    const { global, list } = addShownRefusals(both, shown, LATER);
    expect([global, list]).toEqual([expect.objectContaining(REFUSAL_BEFORE), expect.objectContaining(REFUSAL_BEFORE)]);
  });
});

describe('R51: learnFromView', () => {
  const list: Refusals = { global: null, list: refusal() };
  const global: Refusals = { global: refusal(), list: null };

  it.each<[string, Refusals, ConsentView, number | null, string]>([
    ['a list refusal ends when the address is active on our list', list, view(), PUT, 'mailable'],
    ['new counts as active', list, view({ status: 'new' }), PUT, 'mailable'],
    ['a list refusal stays when the address is active elsewhere', list, view({ isOnOurList: false }), PUT, 'unsubscribed'],
    ['a list refusal stays when only a row of ours made it active', list, view(), REFUSED + 1, 'unsubscribed'],
    ['a list refusal stays when the answer is older', list, view({ askedAtMs: LEARNED }), PUT, 'unsubscribed'],
    ['a list refusal stays when the address may not be mailed', list, view({ status: 'invited' }), PUT, 'unsubscribed'],
    ['a global refusal ends when the address is active', global, view({ isOnOurList: false }), PUT, 'mailable'],
    ['a global refusal stays when the address is inactive', global, view({ status: 'inactive' }), PUT, 'unsubscribed'],
    ['a global refusal is learnt', noRefusals, view({ status: 'blocked' }), PUT, 'blocked'],
    ['a list refusal is learnt', noRefusals, view({ hasLeftList: true }), PUT, 'unsubscribed'],
    ['nothing is learnt from an active address', noRefusals, view(), PUT, 'mailable'],
  ])('%s', (_name, known, seen, putUntilMs, consent) => {
    expect(consentAfter(known, seen, putUntilMs)).toBe(consent);
  });

  it('settles the scope of an unproven refusal', () => {
    const both: Refusals = { global: unproven, list: unproven };
    const left = learnFromView(both, view({ isOnOurList: false, hasLeftList: true }), PUT, LATER);
    expect(left).toMatchObject({ global: null, list: { isUnproven: false } });
    const everything = learnFromView(both, view({ status: 'unsubscribed' }), PUT, LATER);
    expect(everything).toMatchObject({ global: { isUnproven: false }, list: null });
    expect(consentAfter(both, view())).toBe('mailable');
    const leftAnother = view({ isOnOurList: false, hasLeftOtherList: true });
    expect(consentAfter(both, leftAnother, null)).toBe('mailable');
    expect(consentAfter(both, leftAnother)).toBe('unsubscribed');
    expect(consentAfter(both, view({ isOnOurList: false }), null)).toBe('unsubscribed');
    expect(consentAfter(both, view({ isOnOurList: false }))).toBe('unsubscribed');
  });

  it.each([
    { place: 'is on our list', isOnOurList: true, putUntilMs: PUT, list: null },
    { place: 'is on our list again by a row of ours', isOnOurList: true, putUntilMs: REFUSED + 1, list: unproven },
    { place: 'never was put on our list', isOnOurList: false, putUntilMs: null, list: null },
    { place: 'may have left a list that was deleted', isOnOurList: false, putUntilMs: PUT, list: unproven },
  ])('settles an unproven refusal of the whole account when the address $place', ({ isOnOurList, putUntilMs, list: left }) => {
    const both: Refusals = { global: unproven, list: unproven };
    expect(learnFromView(both, view({ status: 'unsubscribed', isOnOurList }), putUntilMs, LATER)).toEqual({
      global: refusal(),
      list: left,
    });
  });

  it('keeps the time of a refusal that is seen again', () => {
    expect(learnFromView(list, view({ hasLeftList: true }), PUT, LATER)).toEqual(list);
  });
});

describe('addRefusals', () => {
  it('keeps the worse kind, the later receipt and the proof', () => {
    const added: Refusals = { global: refusal({ kind: 'complained', refusedAtMs: REFUSED - 1, learnedAtMs: LATER }), list: null };
    expect(addRefusals({ global: unproven, list: unproven }, added)).toEqual({
      global: { kind: 'complained', refusedAtMs: REFUSED - 1, learnedAtMs: LATER, isUnproven: false },
      list: unproven,
    });
  });

  const at = (refusedAtMs: number, isUnproven: boolean) => refusal({ refusedAtMs, isUnproven });
  it.each([
    { rule: 'the later of two proven ones', known: at(REFUSED, false), added: at(REFUSED + 5, false), refusedAtMs: REFUSED + 5 },
    { rule: 'the earlier of two unproven ones', known: at(REFUSED, true), added: at(REFUSED + 5, true), refusedAtMs: REFUSED },
    { rule: 'the proven one before a later unproven one', known: at(REFUSED, false), added: at(REFUSED + 5, true), refusedAtMs: REFUSED },
  ])('the time that decides is that of $rule', ({ known, added, refusedAtMs }) => {
    for (const [one, other] of [
      [known, added],
      [added, known],
    ] as const)
      expect(addRefusals({ global: null, list: one }, { global: null, list: other }).list?.refusedAtMs).toBe(refusedAtMs);
  });
});

describe('views of Unisender', () => {
  const ours = { presentId: 2, allIds: [1, 2], everIds: [1, 2] };

  it('reads a contact', () => {
    const lists = [
      { id: 1, status: 'unsubscribed' },
      { id: 2, status: 'active' },
    ];
    expect(viewOfContact({ status: 'active', lists }, ours, 5)).toEqual(view({ askedAtMs: 5, hasLeftList: true }));
    expect(viewOfContact({ status: 'new', lists: [{ id: 3, status: 'unsubscribed' }] }, ours, 5)).toEqual(
      view({ askedAtMs: 5, status: 'new', isOnOurList: false, hasLeftOtherList: true }),
    );
  });

  it('R52: shows who left a list of ours in an earlier Unisender account', () => {
    const former = { presentId: 2, allIds: [2], everIds: [1, 2] };
    const lists = [{ id: 1, status: 'unsubscribed' }];
    expect(viewOfContact({ status: 'active', lists }, former, 5).hasLeftList).toBe(true);
    expect(viewOfExport({ status: 'active', listIds: [1], leftListIds: [1] }, former, 5).hasLeftList).toBe(true);
  });

  it('reads a row of an export', () => {
    expect(viewOfExport({ status: 'active', listIds: [2], leftListIds: [3] }, ours, 5)).toEqual(
      view({ askedAtMs: 5, hasLeftOtherList: true }),
    );
    expect(viewOfExport({ status: 'active', listIds: [2], leftListIds: [2] }, ours, 5)).toEqual(
      view({ askedAtMs: 5, isOnOurList: false, hasLeftList: true }),
    );
  });
});
