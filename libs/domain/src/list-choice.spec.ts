import { describe, expect, it } from '@jest/globals';
import { type ListChoice, type ListRequest, type NamedList, chooseList } from './list-choice.js';

const request = (over: Partial<ListRequest> = {}): ListRequest => ({
  accountId: 7,
  chosenTitle: undefined,
  known: { id: null, title: null },
  ...over,
});
const list = (id: number, title: string): NamedList => ({ id, title });
const known = { id: 1, title: 'Kommo 7' };

describe('chooseList', () => {
  it.each<[string, NamedList[], ListRequest, ListChoice]>([
    ['no list', [], request(), { id: undefined, title: 'Kommo 7' }],
    ['only other lists', [list(2, 'News')], request(), { id: undefined, title: 'Kommo 7' }],
    ['a list with our title', [list(2, 'News'), list(3, 'Kommo 7')], request(), { id: 3, title: 'Kommo 7' }],
    ['a chosen title that exists', [list(2, 'News')], request({ chosenTitle: 'News' }), { id: 2, title: 'News' }],
    ['a chosen title in another case', [list(2, 'NEWS')], request({ chosenTitle: 'News' }), { id: undefined, title: 'News' }],
    ['the known list', [list(2, 'Kommo 7'), list(1, 'Kommo 7')], request({ known }), { id: 1, title: 'Kommo 7' }],
    ['the known list after it was renamed', [list(1, 'Clients')], request({ known }), { id: 1, title: 'Kommo 7' }],
    ['the known list after it was deleted', [list(2, 'News')], request({ known }), { id: undefined, title: 'Kommo 7' }],
    [
      'a chosen title that the known list does not have',
      [list(1, 'Kommo 7')],
      request({ known, chosenTitle: 'News' }),
      { id: undefined, title: 'News' },
    ],
    ['a chosen title that the known list has', [list(1, 'News')], request({ known, chosenTitle: 'News' }), { id: 1, title: 'News' }],
  ])('%s', (_name, lists, wanted, choice) => {
    expect(chooseList(lists, wanted)).toEqual(choice);
  });
});
