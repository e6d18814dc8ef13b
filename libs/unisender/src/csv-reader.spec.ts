import { describe, expect, it } from '@jest/globals';
import { CsvFormatError, CsvReader } from './csv-reader.js';

const LIMITS = { maxCells: 3, maxRecordCharacters: 20 };

function read(text: string, chunkBytes = text.length * 4): string[][] {
  const reader = new CsvReader(';', LIMITS);
  const bytes = Buffer.from(text);
  const records: string[][] = [];
  for (let from = 0; from < bytes.length; from += chunkBytes) records.push(...reader.read(bytes.subarray(from, from + chunkBytes)));
  return [...records, ...reader.end()];
}

describe('a CSV reader', () => {
  it.each([
    [
      'lines with both line ends',
      'a;b\nc;d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a last line without a line end', 'a;b\nc', [['a', 'b'], ['c']]],
    ['half of a line end at the end', 'a\r', [['a']]],
    [
      'empty cells',
      ';\n;;\n',
      [
        ['', ''],
        ['', '', ''],
      ],
    ],
    ['no empty lines', '\n\r\na\n\n', [['a']]],
    ['a line with an empty cell in quotes', '""\n', [['']]],
    ['quoted delimiters and line ends', '"a;b";"c\r\nd"\r\n', [['a;b', 'c\r\nd']]],
    ['doubled quotes', '"a""";""""\n', [['a"', '"']]],
    ['quotes inside of a cell', 'a"b;c"\n', [['a"b', 'c"']]],
    ['text after a quoted part', '"a"b;c\n', [['"a"b', 'c']]],
    ['a return after a quoted part', '"a"\r;"b"\r\n', [['"a"\r', 'b']]],
    ['a byte order mark once', '\ufeffa;\ufeffb\n', [['a', '\ufeffb']]],
    ['characters of several bytes', 'é;😀\n', [['é', '😀']]],
    [
      'no more cells than the limit',
      'a;b;c;d;e\n"a";b;c;d\n',
      [
        ['a', 'b', 'c'],
        ['a', 'b', 'c'],
      ],
    ],
  ])('reads %s, in one chunk and byte by byte', (_name, text, records) => {
    expect(read(text)).toEqual(records);
    expect(read(text, 1)).toEqual(records);
  });

  it.each([
    ['a long cell', 'x'.repeat(21)],
    ['many empty cells', ';'.repeat(21)],
    ['many short lines in quotes', `"${'\n'.repeat(21)}"\n`],
    ['a cell whose quotes do not end', 'a;"b\n'],
  ])('refuses %s', (_name, text) => {
    expect(() => read(text)).toThrow(CsvFormatError);
    expect(() => read(text, 1)).toThrow(CsvFormatError);
  });
});
