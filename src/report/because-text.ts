import type { Because } from '../base/because.ts';
import { renderPlainText } from './format.ts';

/** `requires-python allows it (pyproject.toml:4)`. */
export function renderBecause(because: Because): string {
  return renderPlainText(`${because.rule}${renderPlace(because)}`);
}

function renderPlace({ file, line }: Because): string {
  if (file === undefined) return '';
  return line === undefined ? ` (${file})` : ` (${file}:${line})`;
}
