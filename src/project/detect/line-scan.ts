import { applicationMadeBy, applicationNames, type AppKind } from './app-kinds.ts';
import type { AppFactory, AppValue, ModuleApps } from './app-values.ts';
import type { PythonModule } from './python-index.ts';

const assignment = new RegExp(
  `^[ \\t]*(\\w+)\\s*(?::\\s*[\\w.]+\\s*)?=\\s*([\\w.]*\\b(?:${applicationNames.join('|')}))\\s*\\(`,
);
const annotatedFactory = /^def\s+(\w+)\s*\(\s*\)\s*->\s*['"]?([\w.]+)['"]?\s*:/;

/**
 * Applications of a source that cannot be read as a tree: assignments at the start of a line (or inside a top-level block), and functions
 * without parameters whose annotation names a framework's class. Lines inside of functions, classes and long strings are passed over.
 */
export function scanAppLines(module: PythonModule): ModuleApps {
  const apps = new Map<string, AppValue>();
  const factories = new Map<string, AppFactory>();
  let isInside = false;
  let quote: string | undefined;
  module.text.split('\n').forEach((line, position) => {
    const startedInText = quote !== undefined;
    quote = quoteAfter(line, quote);
    if (startedInText) return;
    if (/^(?:async\s+def|def|class)\b/.test(line)) isInside = true;
    else if (/^\S/.test(line) && !/^[)\]}#@]/.test(line)) isInside = false;
    const factory = annotatedFactory.exec(line);
    const made = factory?.[2] === undefined ? undefined : kindOf(factory[2], module);
    if (factory?.[1] !== undefined && made !== undefined)
      factories.set(factory[1], { ...made, line: position + 1, required: 0 });
    const found = isInside ? null : assignment.exec(line);
    const kind = found?.[2] === undefined ? undefined : kindOf(found[2], module);
    if (found?.[1] !== undefined && kind !== undefined && !apps.has(found[1]))
      apps.set(found[1], { ...kind, line: position + 1 });
  });
  return { apps, factories, classes: new Map(), uses: new Set() };
}

function kindOf(name: string, module: PythonModule): AppKind | undefined {
  const [first = '', ...rest] = name.split('.');
  const binding = module.imports.get(first);
  if (binding === undefined) return undefined;
  return applicationMadeBy([binding.module, ...(binding.name === undefined ? [] : [binding.name]), ...rest].join('.'));
}

/** The triple quote that is still open after a line. */
function quoteAfter(line: string, open: string | undefined): string | undefined {
  let state = open;
  for (const [mark] of line.matchAll(/"""|'''/g)) {
    if (state === undefined) state = mark;
    else if (state === mark) state = undefined;
  }
  return state;
}
