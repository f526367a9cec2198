import type { Call } from 'py-ast';
import type { ImportStatement } from './import-names.ts';

/** Any node of a syntax tree. */
export type AnyNode = { readonly nodeType: string };

export function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'nodeType' in value && typeof value.nodeType === 'string';
}

export function isCall(node: AnyNode): node is Call {
  return node.nodeType === 'Call';
}

export function isImport(node: AnyNode): node is ImportStatement {
  return node.nodeType === 'Import' || node.nodeType === 'ImportFrom';
}
