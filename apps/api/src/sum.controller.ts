import { Controller, Get, Query } from '@nestjs/common';
import { InvalidInputError } from '#domain';
import { Audience } from './guards/audience.decorator.js';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)$/;
const MAX_LENGTH = 300;

const toNumber = (value: unknown) =>
  typeof value === 'string' && value.length <= MAX_LENGTH && NUMBER.test(value.trim()) ? Number(value) : NaN;

/** The predecessors' demonstration: adds the numbers of the query, under any names. */
@Controller()
export class SumController {
  @Get('sum')
  @Audience('public')
  sum(@Query() query: Record<string, unknown>): number[] {
    const numbers = Object.entries(query).map(([field, value]) => ({ field, number: toNumber(value) }));
    const problems = numbers.filter(({ number }) => !Number.isFinite(number)).map(({ field }) => ({ field, problem: 'must be a number' }));
    if (problems.length > 0) throw InvalidInputError.ofFields(problems);
    if (numbers.length < 2)
      throw InvalidInputError.ofFields([{ field: 'query', problem: 'must have at least two numbers, e.g. first=200&second=300' }]);
    return [numbers.reduce((sum, { number }) => sum + number, 0)];
  }
}
