import type { AppKind } from './app-kinds.ts';

/** What the `asgi.py` and `wsgi.py` of a Django project call. */
export const djangoConstructors: Readonly<Record<string, AppKind>> = {
  'django.core.asgi.get_asgi_application': { kind: 'django-asgi', framework: 'Django' },
  'django.core.wsgi.get_wsgi_application': { kind: 'django-wsgi', framework: 'Django' },
  'configurations.wsgi.get_wsgi_application': { kind: 'django-wsgi', framework: 'Django' },
  'configurations.asgi.get_asgi_application': { kind: 'django-asgi', framework: 'Django' },
};

/** The module path in `os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')` of a `manage.py`. */
export function readSettingsModule(text: string): { readonly module: string; readonly line: number } | undefined {
  const found = /DJANGO_SETTINGS_MODULE['"]?\s*[,\]=)]+\s*['"]([\w.]+)['"]/.exec(text);
  if (found?.[1] === undefined) return undefined;
  return { module: found[1], line: text.slice(0, found.index).split('\n').length };
}

/**
 * Whether a Django project asks to be served by ASGI: it names channels, daphne or an `ASGI_APPLICATION`. Otherwise WSGI is
 * what its own documentation deploys.
 */
export function wantsAsgi(dependencies: readonly string[], settings: string): boolean {
  return (
    dependencies.some((requirement) => /^(?:channels|daphne|uvicorn|hypercorn|granian)\b/i.test(requirement)) ||
    /^ASGI_APPLICATION\s*=/m.test(settings)
  );
}
