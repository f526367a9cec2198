import type { ExprNode } from 'py-ast';
import { dottedName, isTrue, stringOf } from '../python-syntax.ts';
import { type ClassStatement, definitionOf, type ModuleView } from './module-view.ts';
import { isNode } from '../syntax-nodes.ts';
import type { SourceNeed } from './source-need.ts';

export const mentionsDocstrings = /\buse_attribute_docstrings\b/;

/** A class or constant that makes pydantic read the texts below the fields of every class that has it as a base or as its settings. */
export interface DocstringCarrier {
  readonly path: string;
  readonly name: string;
}

/** What of a module has its fields described by texts: its needs, and the names that pass it on. */
export function findDocstrings(
  view: ModuleView,
  carriers: readonly DocstringCarrier[],
): { readonly needs: readonly SourceNeed[]; readonly carriers: readonly DocstringCarrier[] } {
  const { path, body } = view.module;
  const found = new Map<string, DocstringCarrier>();
  const needs: SourceNeed[] = [];
  const isCarrier = (node: ExprNode): boolean => {
    const name = dottedName(node);
    const place = name === undefined ? undefined : definitionOf(name, view);
    if (place === undefined) return found.has(name ?? '');
    return carriers.some((one) => one.path === place.path && one.name === place.name);
  };
  const add = (name: string, line: number): void => {
    found.set(name, { path, name });
    const rule = `\`use_attribute_docstrings\` looks for the texts below the fields of \`${name}\``;
    needs.push({ path, kind: 'docstrings', because: { file: path, line, rule } });
  };
  for (const statement of body) {
    const [target] = statement.nodeType === 'Assign' ? statement.targets : [];
    if (target?.nodeType === 'Name' && 'value' in statement && asksForDocstrings(statement.value))
      found.set(target.id, { path, name: target.id });
  }
  for (const { node } of view.classes)
    if (asksForDocstrings(settingsOf(node)) || node.bases.some(isCarrier) || usesCarrier(settingsOf(node), isCarrier))
      add(node.name, node.lineno);
  return { needs, carriers: [...found.values()] };
}

/** Everything of a class but its inner classes, other than `Config`. */
function settingsOf(node: ClassStatement): readonly unknown[] {
  return [
    node.keywords,
    node.decorator_list,
    ...node.body.filter(
      (one) =>
        one.nodeType === 'Assign' ||
        one.nodeType === 'AnnAssign' ||
        (one.nodeType === 'ClassDef' && one.name === 'Config'),
    ),
  ];
}

function asksForDocstrings(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(asksForDocstrings);
  if (!isNode(node)) return false;
  if (isKeyword(node) && node.arg === 'use_attribute_docstrings') return isTrue(node.value);
  if (isDict(node) && node.keys.some((key, at) => isKey(key) && isTrue(node.values[at]))) return true;
  if (isAssign(node) && node.targets.some((one) => dottedName(one) === 'use_attribute_docstrings'))
    return isTrue(node.value);
  return Object.values(node).some((value) => typeof value === 'object' && value !== null && asksForDocstrings(value));
}

function usesCarrier(node: unknown, isCarrier: (node: ExprNode) => boolean): boolean {
  if (Array.isArray(node)) return node.some((one) => usesCarrier(one, isCarrier));
  if (!isNode(node)) return false;
  if (isKeyword(node) && node.arg === 'config') return isCarrier(node.value);
  if (isAssign(node)) return node.targets.some((one) => dottedName(one) === 'model_config') && isCarrier(node.value);
  return Object.values(node).some(
    (value) => typeof value === 'object' && value !== null && usesCarrier(value, isCarrier),
  );
}

function isKey(key: ExprNode | null): boolean {
  return key !== null && stringOf(key) === 'use_attribute_docstrings';
}

type Node = { readonly nodeType: string };

function isKeyword(node: Node): node is Node & { readonly arg?: string; readonly value: ExprNode } {
  return node.nodeType === 'Keyword';
}

function isDict(node: Node): node is Extract<ExprNode, { nodeType: 'Dict' }> {
  return node.nodeType === 'Dict';
}

function isAssign(node: Node): node is Node & { readonly targets: readonly ExprNode[]; readonly value: ExprNode } {
  return node.nodeType === 'Assign';
}
