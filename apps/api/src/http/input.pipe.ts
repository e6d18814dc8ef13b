import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { type FieldProblem, InvalidInputError } from '#domain';

const toProblems = ({ property, constraints, children }: ValidationError, parent = ''): FieldProblem[] => {
  const field = `${parent}${property}`;
  const own = Object.values(constraints ?? {}).map((problem) => ({ field, problem }));
  return [...own, ...(children ?? []).flatMap((child) => toProblems(child, `${field}.`))];
};

/** Turns queries and bodies into the classes that handlers declare; drops what no class names. */
export const inputPipe = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    stopAtFirstError: true,
    forbidUnknownValues: false,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => InvalidInputError.ofFields(errors.flatMap((error) => toProblems(error))),
  });
