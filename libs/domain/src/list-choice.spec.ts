import { describe, expect, it } from '@jest/globals';
import { type ListChoice, type ListRequest, type NamedList, chooseList, listSettingOf } from './list-choice.js';

const request = (over: Partial<ListRequest> = {}): ListRequest => ({
  accountId: 7,
  setting: {},
  known: { id: null, title: null, setting: '' },
  ...over,
});
const list = (id: number, title: string): NamedList => ({ id, title });
const known = { id: 1, title: 'Kommo 7', setting: '' };
const news = { listTitle: 'News' };
const knownNews = { id: 1, title: 'News', setting: listSettingOf(news) };

describe('chooseList', () => {
  it.each<[string, NamedList[], ListRequest, ListChoice]>([
    ['no list', [], request(), { id: undefined, title: 'Kommo 7' }],
    ['only other lists', [list(2, 'News')], request(), { id: undefined, title: 'Kommo 7' }],
    ['a list with our title', [list(2, 'News'), list(3, 'Kommo 7')], request(), { id: 3, title: 'Kommo 7' }],
    ['a chosen title that exists', [list(2, 'News')], request({ setting: news }), { id: 2, title: 'News' }],
    ['a chosen title in another case', [list(2, 'NEWS')], request({ setting: news }), { id: undefined, title: 'News' }],
    ['a chosen id', [list(2, 'News')], request({ setting: { listId: 2 }, known }), { id: 2, title: 'News' }],
    ['the known list', [list(2, 'Kommo 7'), list(1, 'Kommo 7')], request({ known }), { id: 1, title: 'Kommo 7' }],
    ['the known list after it was renamed (R50)', [list(1, 'Clients')], request({ known }), { id: 1, title: 'Clients' }],
    [
      'the known list of a chosen title after it was renamed (R50)',
      [list(1, 'Clients'), list(2, 'News')],
      request({ setting: news, known: knownNews }),
      { id: 1, title: 'Clients' },
    ],
    ['the known list after it was deleted', [list(2, 'News')], request({ known }), { id: undefined, title: 'Kommo 7' }],
    [
      'a new setting whose title the known list does not have',
      [list(1, 'Kommo 7')],
      request({ known, setting: news }),
      { id: undefined, title: 'News' },
    ],
    [
      'a new setting whose title the known list has',
      [list(2, 'News'), list(1, 'News')],
      request({ known, setting: news }),
      { id: 1, title: 'News' },
    ],
  ])('%s', (_name, lists, wanted, choice) => {
    expect(chooseList(lists, wanted)).toEqual(choice);
  });
});
