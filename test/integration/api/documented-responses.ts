import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>;
}

/** The parts of the document that a test reads. */
export interface ReadDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface SentRequest {
  readonly method: string;
  readonly url: string;
}

export interface ReceivedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const toPointer = (parts: readonly string[]) =>
  parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');

const toPattern = (path: string) => new RegExp(`^${path.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`);

const countParameters = (path: string) => path.split('{').length;

/** Compares responses with the OpenAPI document. */
export class DocumentedResponses {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: false });
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly patterns: readonly { readonly path: string; readonly pattern: RegExp }[];

  constructor(private readonly document: ReadDocument) {
    formats.default(this.ajv);
    this.ajv.addSchema(document, 'document');
    // Paths without parameters first: /docs/json is not a file of /docs/{file}.
    const paths = Object.keys(document.paths).sort((one, other) => countParameters(one) - countParameters(other));
    this.patterns = paths.map((path) => ({ path, pattern: toPattern(path) }));
  }

  /** Throws an error when the document does not describe this response of this route. Ignores URLs of no route. */
  assert({ method, url }: SentRequest, response: ReceivedResponse): void {
    const [pathname = ''] = url.split('?');
    const path = this.patterns.find(({ pattern }) => pattern.test(pathname))?.path;
    const operation = path === undefined ? undefined : this.document.paths[path]?.[method.toLowerCase()];
    if (path === undefined || !operation) return;
    const problem = this.findProblem({ path, method: method.toLowerCase(), operation }, response);
    if (problem !== undefined) throw new Error(`${method} ${path} ${response.status}: ${problem}: ${response.text.slice(0, 1_000)}`);
  }

  private findProblem(
    { path, method, operation }: { path: string; method: string; operation: Operation },
    { status, headers, text }: ReceivedResponse,
  ): string | undefined {
    const documented = operation.responses[String(status)];
    if (!documented) return 'the document has no such status';
    const contentType = headers['content-type'];
    const [type = ''] = (typeof contentType === 'string' ? contentType : '').split(';');
    const { content } = documented;
    if (!content || text === '') return !content && text !== '' ? 'the document has no body' : undefined;
    if (!content[type]) return `the document has no content type ${type}`;
    if (type !== 'application/json') return undefined;
    const validate = this.validatorAt(['paths', path, method, 'responses', String(status), 'content', type, 'schema']);
    return validate(JSON.parse(text)) ? undefined : this.ajv.errorsText(validate.errors);
  }

  private validatorAt(parts: readonly string[]): ValidateFunction {
    const pointer = toPointer(parts);
    const known = this.validators.get(pointer);
    if (known) return known;
    const validator = this.ajv.compile({ $ref: `document#/${pointer}` });
    this.validators.set(pointer, validator);
    return validator;
  }
}
