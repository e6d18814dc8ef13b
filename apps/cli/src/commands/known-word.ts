import { closest, distance } from 'fastest-levenshtein';
import { InvalidInputError, type Tube, tubes } from '#domain';

const MAX_DISTANCE = 3;

/** The known word that resembles `word`, as a question for the end of a message; empty when none does. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = closest(word.toLowerCase(), known);
  return near !== '' && distance(word.toLowerCase(), near) <= MAX_DISTANCE ? `. Did you mean ${near}?` : '';
}

/** Throws InvalidInputError unless the word is a tube. */
export function toTube(word: string): Tube {
  const tube = tubes.find((each) => each === word);
  if (tube) return tube;
  throw new InvalidInputError(`${word} is no tube; the tubes are ${tubes.join(', ')}${didYouMean(word, tubes)}`);
}
