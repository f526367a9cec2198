import type { Call, ExprNode, StmtNode } from 'py-ast';
import { placeOf, type PythonIndex, type PythonModule } from './python-index.ts';
import {
  callsIn,
  dottedName,
  flatStatements,
  isMainGuard,
  isTrue,
  keywordOf,
  numberOf,
  stringOf,
} from './python-syntax.ts';

/** A call in the sources that starts a server. */
export interface ServerCall {
  readonly server: string;
  /** `pkg.mod:app`, where a text names the application. */
  readonly target?: string;
  /** The source and name, where a value names it. */
  readonly place?: { readonly path: string; readonly name: string };
  readonly isFactory: boolean;
  readonly port?: number;
  readonly line: number;
  /** Behind `if __name__ == '__main__'`. */
  readonly isMain: boolean;
  /** Name of the module's function that it is in. */
  readonly inFunction?: string;
}

const servers: Readonly<Record<string, string>> = {
  'uvicorn.run': 'uvicorn',
  'uvicorn.Config': 'uvicorn',
  'uvicorn.main.run': 'uvicorn',
  'granian.Granian': 'granian',
  'hypercorn.asyncio.serve': 'hypercorn',
  'hypercorn.trio.serve': 'hypercorn',
  'waitress.serve': 'waitress',
  'gevent.pywsgi.WSGIServer': 'gevent',
  'cheroot.wsgi.Server': 'cheroot',
  'aiohttp.web.run_app': 'aiohttp',
};

/** The calls of a module that start a server: `uvicorn.run("pkg.mod:app", port=8080)`, `app.run(port=5000)`. */
export function findServerCalls(module: PythonModule, index: PythonIndex): readonly ServerCall[] {
  const found: ServerCall[] = [];
  for (const statement of module.body) {
    const isFunction = statement.nodeType === 'FunctionDef' || statement.nodeType === 'AsyncFunctionDef';
    const place = {
      module,
      index,
      isMain: isMainGuard(statement),
      inFunction: isFunction ? statement.name : undefined,
    };
    for (const call of callsIn(statement)) {
      const server = serverOf(call, module);
      if (server !== undefined) found.push(describe(call, server, place));
    }
  }
  return found;
}

function serverOf(call: Call, module: PythonModule): string | undefined {
  const name = dottedName(call.func);
  if (name === undefined) return undefined;
  const [first = '', ...rest] = name.split('.');
  const binding = module.imports.get(first);
  const base =
    binding === undefined ? first : binding.name === undefined ? binding.module : `${binding.module}.${binding.name}`;
  const qualified = [base, ...rest].join('.');
  if (Object.hasOwn(servers, qualified)) return servers[qualified];
  // `app.run(...)` of Flask, Quart, Sanic, Robyn.
  return rest.length === 1 && (rest[0] === 'run' || rest[0] === 'start') && /app|server|robyn/i.test(first)
    ? 'own'
    : undefined;
}

interface Surroundings {
  readonly module: PythonModule;
  readonly index: PythonIndex;
  readonly isMain: boolean;
  readonly inFunction: string | undefined;
}

function describe(call: Call, server: string, { module, index, isMain, inFunction }: Surroundings): ServerCall {
  const first =
    server === 'own' && call.func.nodeType === 'Attribute'
      ? call.func.value
      : (call.args[0] ?? keywordOf(call, 'app') ?? keywordOf(call, 'target'));
  const text = stringOf(first);
  const name = dottedName(first);
  const place = name === undefined ? undefined : (placeOf(name, { module, index }) ?? { path: module.path, name });
  const port = portOf(keywordOf(call, 'port') ?? (server === 'own' ? undefined : call.args[2]), module.body);
  return {
    server,
    ...(text === undefined ? {} : { target: text }),
    ...(place === undefined ? {} : { place }),
    isFactory: isTrue(keywordOf(call, 'factory')),
    ...(port === undefined ? {} : { port }),
    line: call.lineno,
    isMain,
    ...(inFunction === undefined ? {} : { inFunction }),
  };
}

/** A number, `int(os.environ.get("PORT", 8080))`, or a name of the module that is bound to one of them. */
export function portOf(node: ExprNode | undefined, body: readonly StmtNode[], depth = 0): number | undefined {
  if (node === undefined || depth > 4) return undefined;
  const number = numberOf(node) ?? Number(/^\d+$/.exec(stringOf(node) ?? '')?.[0] ?? Number.NaN);
  if (Number.isInteger(number) && number > 0 && number < 65536) return number;
  if (node.nodeType === 'Call') {
    const name = dottedName(node.func) ?? '';
    if (name === 'int' || name === 'str') return portOf(node.args[0], body, depth + 1);
    if (/(?:getenv|environ\.get|config|env\.int|env)$/.test(name)) {
      return portOf(node.args[1] ?? keywordOf(node, 'default'), body, depth + 1);
    }
    return undefined;
  }
  if (node.nodeType === 'BoolOp') {
    return node.values.map((value) => portOf(value, body, depth + 1)).find((value) => value !== undefined);
  }
  if (node.nodeType !== 'Name') return undefined;
  for (const statement of flatStatements(body)) {
    if (statement.nodeType === 'Assign' && statement.targets.some((target) => dottedName(target) === node.id)) {
      return portOf(statement.value, body, depth + 1);
    }
  }
  return undefined;
}
