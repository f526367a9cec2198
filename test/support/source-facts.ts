import { readFileSync } from 'node:fs';
import ts from 'typescript';

export interface SourceImport {
  /** As written. */
  readonly specifier: string;
  readonly typesOnly: boolean;
  readonly line: number;
}

export interface SourceFacts {
  readonly imports: readonly SourceImport[];
  /** `process.env`, `console.log`, `Date.now`, `new Date()`: what reads or writes the surroundings. */
  readonly ambient: readonly { readonly what: string; readonly line: number }[];
  /** The codes of errors and warnings. */
  readonly codes: readonly string[];
  /** Every text that could be one: names of variables are among them. */
  readonly possibleCodes: readonly string[];
  readonly defaultExports: readonly number[];
}

const ambientProperties =
  /^(process\.(env|cwd|argv|exit|exitCode|stdout|stderr)|console\.(log|error|warn|info|debug|trace|dir|table|time\w*|group\w*)|Date\.now|Intl\.\w+)$/;
const codeMakers = /(error|failure|fault|invalid|mismatch|missing|refused?|warning)$/i;
const codePattern = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;
const localeMethods = new Set(['localeCompare', 'toLocaleString', 'toLocaleLowerCase', 'toLocaleUpperCase']);

/** What a TypeScript file imports, reads from its surroundings and calls its errors, from its syntax tree. */
export function readSourceFacts(file: string): SourceFacts {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const imports: SourceImport[] = [];
  const ambient: { what: string; line: number }[] = [];
  const codes: string[] = [];
  const possibleCodes: string[] = [];
  const defaultExports: number[] = [];
  const lineOf = (node: ts.Node) => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found !== undefined) imports.push({ ...found, line: lineOf(node) });
    const what = ambientOf(node);
    if (what !== undefined) ambient.push({ what, line: lineOf(node) });
    codes.push(...codesOf(node));
    if (ts.isStringLiteral(node) && codePattern.test(node.text)) possibleCodes.push(node.text);
    if (isDefaultExport(node)) defaultExports.push(lineOf(node));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, ambient, codes, possibleCodes, defaultExports };
}

function importOf(node: ts.Node): Omit<SourceImport, 'line'> | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typesOnly: isTypesOnly(node.importClause) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typesOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, typesOnly: true };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    if (argument !== undefined && ts.isStringLiteral(argument)) return { specifier: argument.text, typesOnly: false };
  }
  return undefined;
}

function isTypesOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { namedBindings } = clause;
  if (clause.name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.length > 0 && namedBindings.elements.every((element) => element.isTypeOnly);
}

function ambientOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    if (localeMethods.has(node.name.text)) return node.name.text;
    if (ts.isIdentifier(node.expression)) {
      const text = `${node.expression.text}.${node.name.text}`;
      if (ambientProperties.test(text)) return text;
    }
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date') {
    if ((node.arguments?.length ?? 0) === 0) return 'new Date()';
  }
  return undefined;
}

/** Codes stand in `code: 'X'`, in the literal types of a `…Code`, and in calls of what makes an error or a warning. */
function codesOf(node: ts.Node): readonly string[] {
  const found: string[] = [];
  const visit = (inner: ts.Node): void => {
    if (ts.isStringLiteral(inner) && codePattern.test(inner.text)) found.push(inner.text);
    else ts.forEachChild(inner, visit);
  };
  if (ts.isPropertyAssignment(node) && node.name.getText() === 'code') visit(node.initializer);
  else if (ts.isTypeAliasDeclaration(node) && node.name.text.endsWith('Code')) visit(node.type);
  else if (ts.isCallExpression(node) && codeMakers.test(node.expression.getText())) node.arguments.forEach(visit);
  return found;
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return node.isExportEquals !== true;
  if (!ts.canHaveModifiers(node)) return false;
  return ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword) === true;
}
