import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { type FieldProblem, InvalidInputError } from '#domain';

const toProblems = ({ property, constraints, children }: ValidationError, parent = ''): FieldProblem[] => {
  const field = `${parent}${property}`;
  const own = Object.values(constraints ?? {}).map((problem) => ({ field, problem }));
  return [...own, ...(children ?? []).flatMap((child) => toProblems(child, `${field}.`))];
};

/** The refusal of an input, by all its bad fields at once. */
export const invalidInput = (fields: readonly FieldProblem[]): InvalidInputError =>
  new InvalidInputError(fields.map(({ field, problem }) => `${field} ${problem}`).join('; '), { fields });

/** Turns queries and bodies into the classes that handlers declare; drops what no class names. */
export const inputPipe = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    stopAtFirstError: true,
    forbidUnknownValues: false,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => invalidInput(errors.flatMap((error) => toProblems(error))),
  });
