import type { EntryKind } from '../facts.ts';
import { asgiConstructors, ownServerConstructors } from './asgi.ts';
import { djangoConstructors } from './django.ts';
import { wsgiConstructors } from './wsgi.ts';

/** What a value of a Python module is, where it is an application. */
export interface AppKind {
  readonly kind: EntryKind;
  /** The framework's name for people. */
  readonly framework: string;
}

const constructors: Readonly<Record<string, AppKind>> = {
  ...asgiConstructors,
  ...wsgiConstructors,
  ...djangoConstructors,
  ...ownServerConstructors,
};

/** The application that a call of this qualified name makes. */
export function applicationMadeBy(qualified: string): AppKind | undefined {
  return Object.hasOwn(constructors, qualified) ? constructors[qualified] : undefined;
}

/** The last parts of all names, for a scan of text. */
export const applicationNames: readonly string[] = [
  ...new Set(Object.keys(constructors).map((name) => name.split('.').at(-1) ?? name)),
];

const frameworks = [
  ...new Set(Object.keys(constructors).map((name) => name.split('.')[0] ?? name)),
  'dash',
  'fastmcp',
  'mcp',
  'pyramid',
];
const frameworkImport = new RegExp(`^[ \\t]*(?:from|import)[ \\t]+(?:${frameworks.join('|')})\\b`, 'm');
const construction = new RegExp(
  `\\b(?:${[...applicationNames, 'Dash', 'FastMCP', 'make_wsgi_app', 'mount', 'Mount'].join('|')})\\s*\\(`,
);
/** A base class, or what a function returns. */
const inheritance = new RegExp(
  `^[ \\t]*class\\s+\\w+\\s*\\([^)]*\\b(?:${applicationNames.join('|')})\\b|->\\s*['"]?[\\w.]*\\b(?:${applicationNames.join('|')})\\b`,
  'm',
);
const serverCall = /\b(?:uvicorn\.(?:run|Config)|Granian|WSGIServer|hypercorn|waitress|run_app)\b/;
const factory = /\b(?:create|make|get|build|init)_(?:\w+_)?app(?:lication)?\s*\(/;
const binding = /^[ \t]*(?:app|application|api)\s*(?::[^=\n]+)?=[^=]/m;

/** True where a source may define or start an application, by its text alone: everything else need not be parsed. */
export function mentionsApplication(text: string): boolean {
  if (serverCall.test(text) || factory.test(text) || binding.test(text)) return true;
  if (/Middleware\s*\(/.test(text)) return true;
  return frameworkImport.test(text) && (construction.test(text) || inheritance.test(text));
}

/** Wrappers that give back an application of the same kind as the one they are given. */
export function isWrapper(qualified: string): boolean {
  const name = qualified.split('.').at(-1) ?? '';
  return /Middleware$|^CORS$|^ProxyFix$|^mount_gradio_app$|^WhiteNoise$|^Sentry\w*$|^cors$|^Cling$/.test(name);
}
