import { describe, expect, it } from '@jest/globals';
import { type ListChoice, type ListWish, type NamedList, chooseList } from './list-choice.js';

const wish = (over: Partial<ListWish> = {}): ListWish => ({
  accountId: 7,
  chosenTitle: undefined,
  known: { id: null, title: null },
  ...over,
});
const list = (id: number, title: string): NamedList => ({ id, title });
const known = { id: 1, title: 'Kommo 7' };

describe('chooseList', () => {
  it.each<[string, NamedList[], ListWish, ListChoice]>([
    ['no list at all', [], wish(), { id: undefined, title: 'Kommo 7' }],
    ['only lists of others', [list(2, 'News')], wish(), { id: undefined, title: 'Kommo 7' }],
    ['a list with our title', [list(2, 'News'), list(3, 'Kommo 7')], wish(), { id: 3, title: 'Kommo 7' }],
    ['a chosen title that exists', [list(2, 'News')], wish({ chosenTitle: 'News' }), { id: 2, title: 'News' }],
    ['a chosen title in another case', [list(2, 'NEWS')], wish({ chosenTitle: 'News' }), { id: undefined, title: 'News' }],
    ['the known list', [list(2, 'Kommo 7'), list(1, 'Kommo 7')], wish({ known }), { id: 1, title: 'Kommo 7' }],
    ['the known list that its owner renamed', [list(1, 'Clients')], wish({ known }), { id: 1, title: 'Kommo 7' }],
    ['the known list that was deleted', [list(2, 'News')], wish({ known }), { id: undefined, title: 'Kommo 7' }],
    ['another title than the known list has', [list(1, 'Kommo 7')], wish({ known, chosenTitle: 'News' }), { id: undefined, title: 'News' }],
    ['the title that the known list has', [list(1, 'News')], wish({ known, chosenTitle: 'News' }), { id: 1, title: 'News' }],
  ])('%s', (_name, lists, wanted, choice) => {
    expect(chooseList(lists, wanted)).toEqual(choice);
  });
});
