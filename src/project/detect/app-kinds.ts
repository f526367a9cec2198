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

const className = [...new Set(Object.keys(constructors).map((name) => name.split('.').at(-1) ?? name))];

/** The last parts of all names, for a scan of text. */
export const applicationNames: readonly string[] = className;

/** True where a source may define or start an application, by its text alone: everything else need not be parsed. */
export function mentionsApplication(text: string): boolean {
  return mention.test(text);
}

const mention = new RegExp(
  `\\b(?:${[...className, 'Dash', 'FastMCP', 'MCPServer', 'make_wsgi_app', 'uvicorn', 'hypercorn', 'granian', 'waitress', 'gunicorn', 'run_app', 'mount_gradio_app'].join('|')})\\b|\\b(?:create|make|get|build|init)_(?:\\w+_)?app(?:lication)?\\b`,
);

/** Wrappers that give back an application of the same kind as the one they are given. */
export function isWrapper(qualified: string): boolean {
  const name = qualified.split('.').at(-1) ?? '';
  return /Middleware$|^CORS$|^ProxyFix$|^mount_gradio_app$|^WhiteNoise$|^Sentry\w*$|^cors$|^Cling$/.test(name);
}
