import { Controller, Get, Query } from '@nestjs/common';
import { InvalidInputError } from '#domain';
import { Documented } from './docs/documented.decorator.js';
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
  @Documented({
    summary: 'Adds the numbers of the query',
    data: 'SumResponse',
    parameters: [
      {
        name: 'numbers',
        in: 'query',
        required: true,
        description: 'Two or more numbers, under any names.',
        style: 'form',
        explode: true,
        schema: { type: 'object', minProperties: 2, additionalProperties: { type: 'number' } },
        example: { first: 200, second: 300 },
      },
    ],
    example: { query: { first: 200, second: 300 } },
  })
  sum(@Query() query: Record<string, unknown>): number[] {
    const numbers = Object.entries(query).map(([field, value]) => ({ field, number: toNumber(value) }));
    const problems = numbers.filter(({ number }) => !Number.isFinite(number)).map(({ field }) => ({ field, problem: 'must be a number' }));
    if (problems.length > 0) throw InvalidInputError.ofFields(problems);
    if (numbers.length < 2)
      throw InvalidInputError.ofFields([{ field: 'query', problem: 'must have at least two numbers, e.g. first=200&second=300' }]);
    return [numbers.reduce((sum, { number }) => sum + number, 0)];
  }
}
