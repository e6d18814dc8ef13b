import { describe, expect, it } from '@jest/globals';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsInt, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { InvalidInputError } from '#domain';
import { Alias, digitsToNumber, flagToBoolean, IsAccountId, IsPlainText } from './dto-decorators.js';
import { InputPipe } from './input.pipe.js';

class InnerDto {
  @IsInt()
  count!: number;
}

class SampleDto {
  @Alias('account', 'kommo_id')
  @IsAccountId()
  id!: number;

  @IsOptional()
  @IsPlainText(5)
  text?: string;

  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(10)
  limit = 3;

  @IsOptional()
  @Transform(flagToBoolean)
  @IsBoolean()
  flag?: boolean;

  @IsOptional()
  @ValidateNested()
  @Type(() => InnerDto)
  inner?: InnerDto;
}

const read = async (input: object): Promise<SampleDto> =>
  (await new InputPipe().transform(input, { type: 'body', metatype: SampleDto })) as SampleDto;

const problemsOf = async (input: object) => {
  const error: unknown = await read(input).catch((failure: unknown) => failure);
  return error instanceof InvalidInputError ? error.fields.map(({ field, problem }) => `${field} ${problem}`) : error;
};

describe('the input pipe', () => {
  it('reads texts of a query or a form as what the DTO declares, and drops unknown fields', async () => {
    expect({ ...(await read({ id: '7', text: 'x', limit: '05', flag: '1', unknown: 1 })) }).toEqual({
      id: 7,
      text: 'x',
      limit: 5,
      flag: true,
    });
    expect({ ...(await read({ id: 7, flag: false })) }).toEqual({ id: 7, limit: 3, flag: false });
  });

  it("takes the predecessors' names, and the property's own name first", async () => {
    expect((await read({ kommo_id: '7' })).id).toBe(7);
    expect((await read({ kommo_id: '7', account: '8' })).id).toBe(8);
    expect((await read({ account: '8', id: '9' })).id).toBe(9);
    expect(await problemsOf({ account: 'x' })).toEqual(['id must be a whole number above 0, in digits']);
  });

  it.each([
    ['limit', 'x', 'must be an integer number'],
    ['limit', '1e1', 'must be an integer number'],
    ['limit', '0', 'must not be less than 1'],
    ['limit', '11', 'must not be greater than 10'],
    ['text', '', 'must be a text of 1 to 5 characters'],
    ['text', '   ', 'must be a text of 1 to 5 characters'],
    ['text', 'sixsix', 'must be a text of 1 to 5 characters'],
    ['text', 'a\nb', 'must be a text of 1 to 5 characters'],
    ['text', ['a'], 'must be a text of 1 to 5 characters'],
    ['flag', 'yes', 'must be a boolean value'],
  ])('names one problem of %s %j', async (field, value, problem) => {
    expect(await problemsOf({ id: 7, [field]: value })).toEqual([`${field} ${problem}`]);
  });

  it('names every bad field, nested ones with their path', async () => {
    expect(await problemsOf({ id: 0, limit: -1, inner: { count: 'x' } })).toEqual([
      'id must be a whole number above 0, in digits',
      'limit must not be less than 1',
      'inner.count must be an integer number',
    ]);
  });

  it('checks a megabyte of text in linear time', async () => {
    const started = performance.now();
    expect(await problemsOf({ id: 7, text: `${'x'.repeat(1_000_000)}\n` })).toEqual(['text must be a text of 1 to 5 characters']);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
