import ts from 'typescript';

/** Methods that the language or Nest calls, and whose meaning is always the same. */
const wellKnown = new Set([
  'toString',
  'toJSON',
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
]);

const notPublic = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;

function namesOf(statement) {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name);
  return statement.name ? [statement.name] : [];
}

/** Methods and accessors. A field whose name and type say all needs no docstring. */
function publicMembersOf(statement) {
  if (!ts.isClassDeclaration(statement) && !ts.isInterfaceDeclaration(statement)) return [];
  const members = statement.members.filter(
    (member) =>
      (ts.isMethodDeclaration(member) || ts.isMethodSignature(member) || ts.isAccessor(member)) &&
      ts.isIdentifier(member.name) &&
      !wellKnown.has(member.name.text) &&
      (ts.getCombinedModifierFlags(member) & notPublic) === 0,
  );
  return members.map(({ name }) => name);
}

/**
 * ESLint rule: every exported declaration, and every public method and accessor of an exported class or interface, has a
 * docstring. A member inherits the docstring of the class or interface that it extends or implements. Re-exports are not
 * checked: the declaration is. Needs type information.
 */
export const documentedExports = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { missing: '"{{name}}" is exported and needs a docstring: what it does for the caller, units, errors, promise.' },
  },
  create(context) {
    const { program, esTreeNodeToTSNodeMap, tsNodeToESTreeNodeMap } = context.sourceCode.parserServices;
    const checker = program.getTypeChecker();

    function checkName(name) {
      const symbol = checker.getSymbolAtLocation(name);
      if (!symbol || symbol.getDocumentationComment(checker).length > 0) return;
      context.report({ node: tsNodeToESTreeNodeMap.get(name), messageId: 'missing', data: { name: name.getText() } });
    }

    return {
      Program(node) {
        for (const statement of esTreeNodeToTSNodeMap.get(node).statements) {
          const isExported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
          if (isExported) [...namesOf(statement), ...publicMembersOf(statement)].forEach(checkName);
        }
      },
    };
  },
};
