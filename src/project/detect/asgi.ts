import type { AppKind } from './app-kinds.ts';

/** Classes and functions whose result is an ASGI application, by the name they are imported under. */
export const asgiConstructors: Readonly<Record<string, AppKind>> = {
  'fastapi.FastAPI': asgi('FastAPI'),
  'fastapi.applications.FastAPI': asgi('FastAPI'),
  'fastapi_offline.FastAPIOffline': asgi('FastAPI'),
  'starlette.applications.Starlette': asgi('Starlette'),
  'litestar.Litestar': asgi('Litestar'),
  'litestar.app.Litestar': asgi('Litestar'),
  'starlite.Starlite': asgi('Starlite'),
  'quart.Quart': asgi('Quart'),
  'quart.app.Quart': asgi('Quart'),
  'quart_trio.QuartTrio': asgi('Quart'),
  'sanic.Sanic': asgi('Sanic'),
  'sanic.app.Sanic': asgi('Sanic'),
  'blacksheep.Application': asgi('BlackSheep'),
  'blacksheep.server.Application': asgi('BlackSheep'),
  'esmerald.Esmerald': asgi('Esmerald'),
  'falcon.asgi.App': asgi('Falcon'),
  'fasthtml.FastHTML': asgi('FastHTML'),
  'fasthtml.common.FastHTML': asgi('FastHTML'),
  'fasthtml.core.FastHTML': asgi('FastHTML'),
  'fasthtml.common.fast_app': asgi('FastHTML'),
  'fasthtml.fastapp.fast_app': asgi('FastHTML'),
  'fasthtml.fast_app': asgi('FastHTML'),
  'socketio.ASGIApp': asgi('Socket.IO'),
  'engineio.ASGIApp': asgi('Engine.IO'),
  'connexion.AsyncApp': asgi('Connexion'),
  'connexion.FlaskApp': asgi('Connexion'),
  'asgiref.wsgi.WsgiToAsgi': asgi('ASGI'),
  'a2wsgi.WSGIMiddleware': asgi('ASGI'),
  'channels.routing.ProtocolTypeRouter': { kind: 'django-asgi', framework: 'Django' },
};

/** Robyn serves with a server of its own: the script itself is started. */
export const ownServerConstructors: Readonly<Record<string, AppKind>> = {
  'robyn.Robyn': { kind: 'script', framework: 'Robyn' },
  'aiohttp.web.Application': { kind: 'script', framework: 'aiohttp' },
  'tornado.web.Application': { kind: 'script', framework: 'Tornado' },
};

function asgi(framework: string): AppKind {
  return { kind: 'asgi', framework };
}
