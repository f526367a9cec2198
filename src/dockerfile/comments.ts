import type { Comment } from './instruction.ts';
import type { DockerfileOptions } from './types.ts';

/** Columns of a comment with its `# `. */
const width = 100;

/** Comment lines that end in a line break; the empty text where none are wanted. */
export function renderComment(comment: Comment | undefined, wanted: DockerfileOptions['comments']): string {
  if (comment === undefined || wanted === 'none') return '';
  const text = wanted === 'brief' || comment.more === undefined ? comment.brief : `${comment.brief} ${comment.more}`;
  return wrapComment(text);
}

/** Every line begins with `# `, whatever the text holds. */
export function wrapComment(text: string): string {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(/[\s\0\u0085\u2028\u2029]+/).filter((one) => one !== '')) {
    if (line !== '#' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  if (line !== '#') lines.push(line);
  return lines.map((one) => `${one}\n`).join('');
}
