import type { AppKind } from './app-kinds.ts';

/** Classes and functions whose result is a WSGI application (PEP 3333), by the name they are imported under. */
export const wsgiConstructors: Readonly<Record<string, AppKind>> = {
  'flask.Flask': wsgi('Flask'),
  'flask.app.Flask': wsgi('Flask'),
  'apiflask.APIFlask': wsgi('APIFlask'),
  'flask_openapi3.OpenAPI': wsgi('Flask'),
  'bottle.Bottle': wsgi('Bottle'),
  'bottle.default_app': wsgi('Bottle'),
  'falcon.App': wsgi('Falcon'),
  'falcon.API': wsgi('Falcon'),
  'chalice.Chalice': wsgi('Chalice'),
  'socketio.WSGIApp': wsgi('Socket.IO'),
  'a2wsgi.ASGIMiddleware': wsgi('WSGI'),
};

/** `app.server` of a Dash application is the Flask application behind it. */
export const dashConstructors: readonly string[] = ['dash.Dash', 'dash.dash.Dash'];

function wsgi(framework: string): AppKind {
  return { kind: 'wsgi', framework };
}
