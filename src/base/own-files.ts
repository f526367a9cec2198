const isSource = import.meta.url.endsWith('.ts');

/**
 * The address of a file that comes with tare: `debian/keys/`, `package.json`. The compiled product is a few bundles in one flat
 * folder; the sources, which tests run as they are, are a tree. This module alone knows the difference.
 */
export function ownFile(path: string): URL {
  if (path === 'package.json') return new URL(isSource ? '../../package.json' : '../package.json', import.meta.url);
  return new URL(`${isSource ? '../' : './'}${path}`, import.meta.url);
}

/** The module of a worker: a bundle of its own when compiled. Node 20 cannot load the source of one, see `createWorkerPool`. */
export function ownWorker(folder: string, name: string): URL {
  return ownFile(isSource ? `${folder}/${name}.ts` : `${name}.js`);
}
