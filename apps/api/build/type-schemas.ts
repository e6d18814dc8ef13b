import ts from 'typescript';

type Schema = Record<string, unknown>;

/** Strings with these names are times. */
const TIME_NAME = /^(at|since|until)$|_at$/;

/** Types that JSON Schema names like TypeScript. Others, such as `unknown`, allow any value. */
const simpleTypes: readonly (readonly [ts.TypeFlags, Schema])[] = [
  [ts.TypeFlags.String, { type: 'string' }],
  [ts.TypeFlags.Number, { type: 'number' }],
  [ts.TypeFlags.Boolean, { type: 'boolean' }],
  [ts.TypeFlags.Null, { type: 'null' }],
  [ts.TypeFlags.NonPrimitive, { type: 'object' }],
];

const has = (type: ts.Type, flag: ts.TypeFlags): boolean => (type.flags & flag) !== 0;

/** Writes the JSON Schemas of interfaces. Each exported interface becomes a component of its own. */
class TypeSchemas {
  readonly components: Record<string, Schema> = {};
  private readonly sources = new Map<string, ts.Symbol>();

  constructor(private readonly checker: ts.TypeChecker) {}

  /** The schema of a type: a reference when the type is an interface. */
  write(type: ts.Type): Schema {
    if (type.isUnion()) return this.writeUnion(type);
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    const simple = simpleTypes.find(([flag]) => has(type, flag));
    if (simple) return { ...simple[1] };
    if (!has(type, ts.TypeFlags.Object | ts.TypeFlags.Intersection)) return {};
    if (this.checker.isArrayType(type)) {
      const [item] = this.checker.getTypeArguments(type as ts.TypeReference);
      return { type: 'array', items: item ? this.write(item) : {} };
    }
    return type.isClassOrInterface() ? this.refer(type) : this.writeObject(type);
  }

  /** Adds the schema of a type under a name, also when the type is not an interface. */
  add(property: ts.Symbol): void {
    const type = this.checker.getTypeOfSymbol(property);
    const schema = this.write(type);
    if (schema['$ref'] !== `#/components/schemas/${property.name}`)
      this.components[property.name] ??= { ...this.describe(property), ...schema };
  }

  private refer(type: ts.InterfaceType): Schema {
    const { symbol } = type;
    const known = this.sources.get(symbol.name);
    if (known && known !== symbol) throw new Error(`Two interfaces have the name ${symbol.name}`);
    if (!known) {
      this.sources.set(symbol.name, symbol);
      this.components[symbol.name] = { ...this.describe(symbol), ...this.writeObject(type) };
    }
    return { $ref: `#/components/schemas/${symbol.name}` };
  }

  private writeObject(type: ts.Type): Schema {
    const values = type.getStringIndexType();
    const properties = type.getProperties();
    const required = properties.filter(({ flags }) => (flags & ts.SymbolFlags.Optional) === 0).map(({ name }) => name);
    return {
      type: 'object',
      ...(properties.length > 0
        ? { properties: Object.fromEntries(properties.map((property) => [property.name, this.writeProperty(property)])) }
        : {}),
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: values ? this.write(values) : false,
    };
  }

  private writeProperty(property: ts.Symbol): Schema {
    const schema = this.write(this.checker.getTypeOfSymbol(property));
    const isTime = TIME_NAME.test(property.name) && [schema['type']].flat().includes('string');
    return { ...this.describe(property), ...schema, ...(isTime ? { format: 'date-time' } : {}) };
  }

  private writeUnion(type: ts.UnionType): Schema {
    if (has(type, ts.TypeFlags.Boolean)) return { type: 'boolean' };
    const literals = type.types.flatMap((part) => (part.isStringLiteral() ? [part.value] : []));
    const others = type.types
      .filter((part) => !part.isStringLiteral() && !has(part, ts.TypeFlags.Undefined))
      .map((part) => this.write(part));
    const schemas = [...(literals.length > 0 ? [{ type: 'string', enum: literals }] : []), ...mergeBooleans(others)];
    const [first, second] = [...schemas].sort((one, other) => Number(one['type'] === 'null') - Number(other['type'] === 'null'));
    if (!second) return first ?? {};
    if (schemas.length > 2 || second['type'] !== 'null' || typeof first?.['type'] !== 'string') return { anyOf: schemas };
    return { ...first, type: [first['type'], 'null'], ...(literals.length > 0 ? { enum: [...literals, null] } : {}) };
  }

  private describe(symbol: ts.Symbol): Schema {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(this.checker)).replaceAll(/\s*\n\s*/g, ' ');
    return text === '' ? {} : { description: text };
  }
}

/** TypeScript keeps `boolean | null` as `true | false | null`. */
function mergeBooleans(schemas: readonly Schema[]): Schema[] {
  const rest = schemas.filter((schema) => Object.keys(schema).length > 0);
  return rest.length === schemas.length ? rest : [{ type: 'boolean' }, ...rest];
}

/** Returns the JSON Schemas of the properties of an interface, and of the interfaces that these use, by name. */
export function writeTypeSchemas(file: string, interfaceName: string): Readonly<Record<string, Schema>> {
  const program = ts.createProgram([file], {
    strict: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const exported = source && checker.getSymbolAtLocation(source)?.exports?.get(ts.escapeLeadingUnderscores(interfaceName));
  if (!exported) throw new Error(`${file} does not export ${interfaceName}`);
  const schemas = new TypeSchemas(checker);
  for (const property of checker.getDeclaredTypeOfSymbol(exported).getProperties()) schemas.add(property);
  return schemas.components;
}
