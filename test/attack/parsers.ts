import { parseAddress, parseFormBody, parseJsonBody, Secret, hookBodyLimits, ServiceError, toPositiveInteger } from '#domain';
import type { HttpResponse } from '#http';
import { findTokenClientId, parseReferer, readContactHook, verifyDisposableToken } from '#kommo';
import { StateSigner } from '#secrets';
import { readUnisenderHook, verifyHookAuth } from '#unisender';
import { isKommoOrigin } from '../../apps/api/src/accounts/widget-cors.js';
import { decodeByType } from '../../apps/api/src/http/body-parsers.js';
import { parseQuery } from '../../apps/api/src/http/query.js';
import { parseEmails, splitEmails } from '../../apps/api/src/unisender/dto/unisender-contacts.dto.js';
import { readContactPage } from '../../libs/kommo/src/contact-reader.js';
import { readBody } from '../../libs/kommo/src/kommo-failure.js';
import { PAGE_RESPONSE, parseResponse } from '../../libs/kommo/src/kommo-response.js';
import { readTokenPair } from '../../libs/kommo/src/token-pair.js';
import { mask } from '../../libs/logging/src/mask.js';
import { maskText } from '../../libs/logging/src/mask-text.js';
import { isAllowedUrl } from '../../libs/unisender/src/export-download.js';
import { readImportResult } from '../../libs/unisender/src/import-result.js';
import { readResult } from '../../libs/unisender/src/unisender-failure.js';
import { readContact, readLists } from '../../libs/unisender/src/unisender-records.js';
import { readExportInMemory } from './export-in-memory.js';

/** A parser of input from outside. */
export interface Parser {
  readonly name: string;
  /** The largest input that the service passes to it. */
  readonly maxBytes: number;
  /** What stands before and after the hostile part, so that the parser gets that far. */
  readonly frames: readonly (readonly [string, string])[];
  /** The input comes from a vendor, not from any client. */
  readonly isFromVendor?: boolean;
  /** May throw a ServiceError. */
  parse(input: Buffer): unknown;
}

const HOOK_BYTES = 4 * 1024 * 1024;
const BODY_BYTES = 64 * 1024;
/** Node's limit for the whole head of a request. */
const HEAD_BYTES = 16 * 1024;
const KEY = 'attack-key';
const DOMAINS = ['kommo.com', 'amocrm.com'];

const FORM_FRAMES = [
  ['', ''],
  ['a=', ''],
  ['contacts[add][0][', ']=1'],
] as const;
const JSON_FRAMES = [
  ['', ''],
  ['{"a":"', '"}'],
  ['{"', '":1}'],
  ['[', '1]'],
] as const;
const UNFRAMED = [['', '']] as const;

const signer = new StateSigner(Secret.of(KEY));
const tokenCheck = {
  clientId: 'client',
  clientSecret: Secret.of(KEY),
  redirectUri: 'https://sync.example.org/auth',
  allowedDomains: DOMAINS,
  reservedLabels: [],
  nowSeconds: 1_700_000_000,
};

const ofText = (parse: (text: string) => unknown) => (input: Buffer) => parse(input.toString('latin1'));

function readAddresses(contact: unknown): void {
  const { changes } = readContactHook(contact);
  for (const { snapshot } of changes) snapshot?.emails.forEach(({ value }) => parseAddress(value));
}

const toResponse = (body: string): HttpResponse => ({
  status: 200,
  text: body,
  retryAfterHeader: undefined,
  location: undefined,
  serverTimeMs: undefined,
});

function readVendorPage(input: Buffer): unknown {
  const response = toResponse(input.toString('latin1'));
  return readContactPage(readBody(parseResponse(response, 'page', PAGE_RESPONSE.maxResponseItems)), 250);
}

/** The readers of one result throw for different reasons: each gets its turn. */
function readUnisenderResult(input: Buffer): void {
  const response = toResponse(input.toString('latin1'));
  const result = readResult(response, { method: 'getLists', key: Secret.of(KEY) }, 200_000);
  for (const read of [readLists, readContact, (it: unknown) => readImportResult(it, 500)]) {
    try {
      read(result);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
    }
  }
}

async function readExport(input: Buffer): Promise<number> {
  let count = 0;
  for await (const rows of readExportInMemory(input)) {
    rows.forEach((row) => parseAddress(row['email'] ?? ''));
    count += rows.length;
  }
  return count;
}

/** Every parser of a body, a query, a header, a token, a host, an address, a vendor's response or a log text. */
export const parsers: readonly Parser[] = [
  {
    name: 'Kommo webhook, form',
    maxBytes: HOOK_BYTES,
    frames: FORM_FRAMES,
    parse: (input) => readAddresses(decodeByType(input, undefined)),
  },
  {
    name: 'Kommo webhook, JSON',
    maxBytes: HOOK_BYTES,
    frames: [...JSON_FRAMES, ['{"contacts[add][0][', ']":1}']],
    parse: (input) => readAddresses(decodeByType(input, 'application/json')),
  },
  {
    name: 'e-mail address in a webhook',
    maxBytes: HOOK_BYTES,
    frames: [
      ['a', '@b.co'],
      ['a@', '.co'],
    ],
    parse: (input) => parseAddress(input.toString('utf8')),
  },
  {
    name: 'Unisender webhook',
    maxBytes: HOOK_BYTES,
    frames: [...JSON_FRAMES, ['{"event_name":"x","list_ids":"', '"}']],
    parse(input) {
      verifyHookAuth(input, KEY);
      return readUnisenderHook(parseJsonBody(input, hookBodyLimits));
    },
  },
  { name: 'form', maxBytes: BODY_BYTES, frames: FORM_FRAMES, parse: (input) => parseFormBody(input) },
  { name: 'JSON', maxBytes: BODY_BYTES, frames: JSON_FRAMES, parse: (input) => parseJsonBody(input) },
  { name: 'list of addresses', maxBytes: HOOK_BYTES, frames: UNFRAMED, parse: ofText((text) => parseEmails(splitEmails(text))) },
  { name: 'query', maxBytes: HEAD_BYTES, frames: FORM_FRAMES, parse: ofText(parseQuery) },
  {
    name: 'content type',
    maxBytes: HEAD_BYTES,
    frames: [
      ['application/', ''],
      ['application/', '+json'],
    ],
    parse: ofText((text) => decodeByType(Buffer.alloc(0), text)),
  },
  { name: 'number in a header', maxBytes: HEAD_BYTES, frames: UNFRAMED, parse: ofText(toPositiveInteger) },
  {
    name: 'widget token',
    maxBytes: HEAD_BYTES,
    frames: [
      ['', ''],
      ['eyJhbGciOiJIUzI1NiJ9.', '.x'],
    ],
    parse: ofText((text) => [findTokenClientId(text), verifyDisposableToken(text, tokenCheck)]),
  },
  {
    name: 'state',
    maxBytes: HEAD_BYTES,
    frames: [
      ['', ''],
      ['', '.x'],
    ],
    parse: ofText((text) => signer.verifyState(text, 0)),
  },
  {
    name: 'referer',
    maxBytes: HEAD_BYTES,
    frames: [
      ['', ''],
      ['https://', '.kommo.com/'],
    ],
    parse: ofText((text) => parseReferer(text, DOMAINS)),
  },
  {
    name: 'origin',
    maxBytes: HEAD_BYTES,
    frames: [
      ['', ''],
      ['https://', '.kommo.com'],
    ],
    parse: ofText((text) => isKommoOrigin(text, DOMAINS)),
  },
  {
    name: 'page of contacts from Kommo',
    isFromVendor: true,
    maxBytes: PAGE_RESPONSE.maxResponseBytes,
    frames: [...JSON_FRAMES, ['{"_embedded":{"contacts":[', '{"id":1}]}}']],
    parse: readVendorPage,
  },
  {
    name: 'token pair from Kommo',
    isFromVendor: true,
    maxBytes: 1024 * 1024,
    frames: [['{"expires_in":1,"refresh_token":"x","access_token":"', '"}']],
    parse: (input) => readTokenPair(parseResponse(toResponse(input.toString()), 'token', 5_000).body),
  },
  {
    name: 'result from Unisender',
    isFromVendor: true,
    maxBytes: 8 * 1024 * 1024,
    frames: [
      ['{"result":', '}'],
      ['{"result":[', '1]}'],
      ['{"error":"', '"}'],
    ],
    parse: readUnisenderResult,
  },
  {
    name: 'export from Unisender',
    isFromVendor: true,
    maxBytes: 1024 * 1024,
    frames: [
      ['', ''],
      ['email;status\n', '\n'],
      ['email;status\n"', '"\n'],
    ],
    parse: readExport,
  },
  {
    name: 'link of a download',
    isFromVendor: true,
    maxBytes: BODY_BYTES,
    frames: [
      ['', ''],
      ['https://', '/x.csv'],
      ['https://files.example.org/', ''],
    ],
    parse: ofText((text) => isAllowedUrl(text, 'https://api.unisender.com')),
  },
  { name: 'text in the log', maxBytes: BODY_BYTES, frames: UNFRAMED, parse: (input) => maskText(input.toString('utf8')) },
  {
    name: 'body in the log',
    maxBytes: BODY_BYTES,
    frames: FORM_FRAMES,
    parse: (input) => mask(parseFormBody(input)),
  },
];
