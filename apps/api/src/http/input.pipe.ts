import { Injectable, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { type FieldProblem, InvalidInputError } from '#domain';

/** Removes the property's name from the start of a message: the name of the field comes before every problem. */
const withoutName = (message: string, property: string) =>
  message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;

/** One problem per field: class-validator lists that of the uppermost decorator last. */
function toProblems({ property, constraints = {}, children = [] }: ValidationError, parent = ''): FieldProblem[] {
  const field = `${parent}${property}`;
  const message = Object.values(constraints).at(-1);
  const own = message === undefined ? [] : [{ field, problem: withoutName(message, property) }];
  return [...own, ...children.flatMap((child) => toProblems(child, `${field}.`))];
}

/** Turns queries, parameters and bodies into their DTO classes, and drops unknown fields. Throws InvalidInputError that names every bad field. */
@Injectable()
export class InputPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidUnknownValues: false,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => InvalidInputError.ofFields(errors.flatMap((error) => toProblems(error))),
    });
  }
}
