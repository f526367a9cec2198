// Writes docs/errors.md: every error code of the sources with its message and hint as they stand there. `--check` fails where it is stale.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = readdirSync(join(root, 'src'), { recursive: true })
  .map((name) => String(name).replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .sort();

/** Names of environment variables look like codes where they are arguments. */
const environment = /^(?:PIP|UV|TARE|SSL|CURL|REQUESTS|XDG|NODE|DOCKER|LD)_(?!.*INVALID)|_PROXY$|^[A-Z]+_HOME$/;
const errors = new Map();
for (const name of files) {
  const source = ts.createSourceFile(name, readFileSync(join(root, 'src', name), 'utf8'), ts.ScriptTarget.Latest, true);
  visit(source, name);
}

function visit(node, name) {
  if (ts.isObjectLiteralExpression(node)) {
    const code = textsOf(node, 'code').filter((text) => /^[A-Z][A-Z0-9_]+$/.test(text));
    for (const one of code) add(one, name, textsOf(node, 'message')[0], textsOf(node, 'hint')[0]);
  } else if (
    ts.isStringLiteral(node) &&
    /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(node.text) &&
    ts.isCallExpression(node.parent)
  ) {
    add(node.text, name, undefined, undefined);
  }
  ts.forEachChild(node, (child) => visit(child, name));
}

/** The texts that a property can have, with `…` for what is filled in. */
function textsOf(object, property) {
  const found = object.properties.find((one) => one.name?.getText() === property);
  if (found === undefined || !ts.isPropertyAssignment(found)) return [];
  return literals(found.initializer);
}

function literals(node) {
  if (ts.isConditionalExpression(node)) return [...literals(node.whenTrue), ...literals(node.whenFalse)];
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('')];
  return [];
}

function add(code, file, message, hint) {
  const known = errors.get(code) ?? { files: new Set() };
  known.files.add(file.split('/')[0]);
  known.message ??= message;
  known.hint ??= hint;
  errors.set(code, known);
}

const cell = (text) => (text ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ');
const rows = [...errors]
  .filter(([code, { message }]) => message !== undefined || !environment.test(code))
  .filter(([code]) => code.includes('_') || code === 'USAGE')
  .sort(([left], [right]) => (left < right ? -1 : 1))
  .map(
    ([code, { message, hint, files: rooms }]) =>
      `| \`${code}\` | ${cell(message)} | ${cell(hint)} | ${[...rooms].join(', ')} |`,
  );
const text = `# Errors

Every failure that outside input can cause has a stable code: \`error[CODE]: message\` on stderr, the same as data on stdout with \`--json\`.
Exit codes: 0 done, 1 failed, 2 usage, 75 worth retrying, 130 interrupted. Made by \`npm run docs\` from the sources; \`…\` is filled in.

| code | message | hint | room |
|---|---|---|---|
${rows.join('\n')}
`;
const target = join(root, 'docs/errors.md');
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('docs/errors.md is stale: run `npm run docs` and commit it');
    process.exit(1);
  }
} else writeFileSync(target, text);
