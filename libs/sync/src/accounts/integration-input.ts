import { type FieldProblem, findUrl, InvalidInputError } from '#domain';

/** An integration as the operator enters it. */
export interface IntegrationInput {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Stored byte for byte: Kommo compares it so (reference/kommo.md 1.4). */
  readonly redirectUri: string;
  readonly domain?: string | undefined;
}

const CLIENT_ID = /^[A-Za-z0-9_-]{1,64}$/;
const SECRET = /^[\x21-\x7e]{1,255}$/;
const DOMAIN = /^[^\s\p{Cc}]{1,255}$/u;
const MAX_URI_LENGTH = 1024;

function isRedirectUri(text: string): boolean {
  const url = text.length > MAX_URI_LENGTH || /[\s\p{Cc}#]/u.test(text) ? undefined : findUrl(text);
  if (!url) return false;
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '';
}

/** Throws InvalidInputError that names every bad field. */
export function assertIntegrationInput({ clientId, clientSecret, redirectUri, domain }: IntegrationInput): void {
  const problems: FieldProblem[] = [];
  const check = (isGood: boolean, field: string, problem: string) => isGood || problems.push({ field, problem });
  check(CLIENT_ID.test(clientId), 'client_id', 'must be the integration id from Kommo: 1 to 64 letters, digits, - and _');
  check(SECRET.test(clientSecret), 'client_secret', 'must be the secret key from Kommo: 1 to 255 characters without spaces');
  check(isRedirectUri(redirectUri), 'redirect_uri', 'must be the http or https URL from the settings of the integration');
  check(domain === undefined || DOMAIN.test(domain), 'domain', 'must be a domain');
  if (problems.length > 0) throw InvalidInputError.ofFields(problems);
}

const MAX_ACCOUNT_ID = 2 ** 53 - 1;

/** Throws InvalidInputError unless the number can be a Kommo account id. */
export function assertAccountId(accountId: number): void {
  if (Number.isInteger(accountId) && accountId > 0 && accountId <= MAX_ACCOUNT_ID) return;
  throw InvalidInputError.ofFields([{ field: 'account_id', problem: 'must be a positive whole number' }]);
}
