import {
  type CallExpression,
  isBinaryExpression,
  isCallExpression,
  isCatchClause,
  isDebuggerStatement,
  isIdentifier,
  isIterationStatement,
  isNewExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isStringLiteralLike,
  type Node,
  SyntaxKind,
} from 'typescript';
import { type Finding, type Rule, walk } from '../archive-content.js';

/** Longer lines, or a longer average, are those of a minifier. */
const MAX_LINE = 500;
const MAX_AVERAGE_LINE = 120;

const REQUEST_METHODS = new Set(['ajax', 'get', 'post', 'getJSON', 'crm_post', '$authorizedAjax', 'fetch']);
const LOOP_METHODS = new Set(['forEach', 'map', 'flatMap', 'each', 'filter', 'reduce', 'setInterval']);
const PROTECTED_BUTTON = /js-widget-(install|uninstall)|js-widget-save/;

/** Finds the nodes of every script that match. */
const findNodes =
  (isBad: (node: Node) => boolean, message: string): Rule =>
  (content) =>
    content.scripts.flatMap((name) => {
      const source = content.parseScript(name);
      const findings: Finding[] = [];
      walk(source, (node) => {
        if (!isBad(node)) return;
        const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        findings.push({ place: `${name}:${line}`, message });
      });
      return findings;
    });

/** `name` of `name(…)` and of `object.name(…)`. */
function calledName({ expression }: CallExpression): string | undefined {
  if (isIdentifier(expression)) return expression.text;
  return isPropertyAccessExpression(expression) ? expression.name.text : undefined;
}

const isCallOf = (node: Node, names: ReadonlySet<string>): node is CallExpression =>
  isCallExpression(node) && names.has(calledName(node) ?? '');

const ancestors = (node: Node): Node[] => (node.parent ? [node.parent, ...ancestors(node.parent)] : []);

function isConsoleCall(node: Node): boolean {
  if (!isPropertyAccessExpression(node) || node.expression.getText() !== 'console') return false;
  const isInCatch = ancestors(node).some(
    (ancestor) =>
      isCatchClause(ancestor) || (isCallExpression(ancestor) && ['catch', 'fail', 'onRejected'].includes(calledName(ancestor) ?? '')),
  );
  return node.name.text !== 'trace' || !isInCatch;
}

const isLoop = (node: Node): boolean => isIterationStatement(node, false) || isCallOf(node, LOOP_METHODS);

const firstText = (node: CallExpression): string => {
  const [argument] = node.arguments;
  return argument && isStringLiteralLike(argument) ? argument.text : '';
};

const createsScript = (node: Node): boolean => isCallOf(node, new Set(['createElement'])) && firstText(node).toLowerCase() === 'script';

function isVirtualClick(node: Node): boolean {
  if (!isCallExpression(node) || !isPropertyAccessExpression(node.expression)) return false;
  const { name, expression } = node.expression;
  const isClick = name.text === 'click' || (name.text === 'trigger' && firstText(node) === 'click');
  return isClick && PROTECTED_BUTTON.test(expression.getText());
}

function isSynchronousAjax(node: Node): boolean {
  return isPropertyAssignment(node) && node.name.getText() === 'async' && node.initializer.kind === SyntaxKind.FalseKeyword;
}

function writesToApp(node: Node): boolean {
  return (
    isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.EqualsToken && /^(window\.)?(APP|AMOCRM)\b/.test(node.left.getText())
  );
}

const isEval = (node: Node): boolean =>
  isCallOf(node, new Set(['eval'])) || (isNewExpression(node) && node.expression.getText() === 'Function');

function isMinified(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const average = lines.reduce((sum, line) => sum + line.length, 0) / Math.max(lines.length, 1);
  return average > MAX_AVERAGE_LINE || lines.some((line) => line.length > MAX_LINE);
}

/** Rules about scripts. */
export const scriptRules: Readonly<Record<string, Rule>> = {
  'amd-module': (content) =>
    /^define\(/.test(content.text('script.js').trimStart()) ? [] : [{ place: 'script.js', message: 'must be one AMD module: define(…)' }],
  'callbacks-present': (content) =>
    ['render', 'init', 'bind_actions']
      .filter((name) => !new RegExp(`\\b${name}\\s*[:(]`).test(content.text('script.js')))
      .map((name) => ({ place: 'script.js', message: `the callback ${name} is missing` })),
  'no-minified-code': (content) =>
    content.scripts
      .filter((name) => isMinified(content.text(name)))
      .map((place) => ({ place, message: 'must not be minified: its lines are too long' })),
  'no-eval': findNodes(isEval, 'must not evaluate text as code'),
  'no-console': findNodes(isConsoleCall, 'must not use the console, except console.trace in a catch'),
  'no-debugger': findNodes(isDebuggerStatement, 'must not contain debugger'),
  'no-synchronous-ajax': findNodes(isSynchronousAjax, 'must not send synchronous requests'),
  'no-requests-in-loops': findNodes(
    (node) => isCallOf(node, REQUEST_METHODS) && ancestors(node).some(isLoop),
    'must not send requests in a loop',
  ),
  'no-script-elements': findNodes(createsScript, 'must not create script elements: name dependencies in define'),
  'no-virtual-clicks': findNodes(isVirtualClick, "must not click Kommo's buttons"),
  'no-writes-to-app': findNodes(writesToApp, 'must not write to APP or AMOCRM'),
};
