import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { parseLayerTable } from './support/layer-table.ts';
import { rootDir } from './support/paths.ts';
import { registryHosts } from './support/registry-hosts.ts';
import { readSourceFacts } from './support/source-facts.ts';

const srcDir = join(rootDir, 'src');
const readText = (path: string) => readFileSync(join(rootDir, path), 'utf8');

/** TypeScript files below a folder of the repository, relative to it. */
function sourceFiles(folder: string): readonly string[] {
  return readdirSync(join(rootDir, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .sort();
}

const productFiles = sourceFiles('src').filter((path) => !path.endsWith('.test.ts'));
const facts = new Map(productFiles.map((path) => [path, readSourceFacts(join(rootDir, path))]));
const folderOf = (path: string) => relative(srcDir, join(rootDir, path)).split('/').slice(0, -1)[0] ?? '';

const isFile = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Files that git has or would take. */
function projectFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: rootDir,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return listed.split('\0').filter((path) => path !== '' && isFile(join(rootDir, path)));
}

describe('folders and what they may import', () => {
  const readRules = () => parseLayerTable(readText('ARCHITECTURE.md'));

  test('every folder of src/ has a row of the table in ARCHITECTURE.md', () => {
    const rules = readRules();
    const folders = new Set(productFiles.map(folderOf).filter((folder) => folder !== ''));
    expect([...folders].filter((name) => !rules.has(name))).toEqual([]);
  });

  test('every import is one that the table allows', () => {
    const rules = readRules();
    const wrong: string[] = [];
    for (const [path, { imports }] of facts) {
      const folder = folderOf(path);
      if (folder === '') continue;
      const rule = rules.get(folder);
      for (const { specifier, typesOnly, line } of imports) {
        if (!specifier.startsWith('.')) continue;
        const target = folderOf(relative(rootDir, join(rootDir, dirname(path), specifier)));
        const allowed = target === folder || rule?.imports.has(target) || (typesOnly && rule?.types.has(target));
        const isEntry = target === '' && folder === 'cli';
        if (allowed !== true && !isEntry)
          wrong.push(`${path}:${line} imports ${typesOnly ? 'types of ' : ''}${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('base/ needs nothing but Node', () => {
    const foreign = [...facts].filter(([path]) => folderOf(path) === 'base');
    const specifiers = foreign.flatMap(([, { imports }]) => imports.map((one) => one.specifier));
    expect(specifiers.filter((one) => !one.startsWith('node:') && !one.startsWith('./'))).toEqual([]);
  });

  test('there is one entry point beside the folders', () => {
    expect(productFiles.filter((path) => folderOf(path) === '')).toEqual(['src/index.ts']);
  });
});

describe('files', () => {
  const all = ['src', 'test', 'bench', 'scripts'].flatMap(sourceFiles);

  test('none is longer than 400 lines, but for data', () => {
    const long = all.filter((path) => !path.endsWith('.data.ts') && readText(path).split('\n').length - 1 > 400);
    expect(long).toEqual([]);
  });

  test('names are nouns in kebab-case that say something', () => {
    const vague = /(^|-)(utils?|helpers?|common|manager|misc|stuff)(-|\.|$)/;
    const wrong = all.filter(
      (path) => vague.test(basename(path)) || !/^[a-z0-9]+([.-][a-z0-9]+)*$/.test(basename(path)),
    );
    expect(wrong).toEqual([]);
  });

  test('nothing is left for later and no rule is switched off', () => {
    const marks = new RegExp(
      ['TODO', 'FIXME', 'XXX', '(oxlint|eslint|biome|ts)-(disable|ignore|expect-error|nocheck)'].join('|'),
    );
    const own = 'test/architecture.test.ts';
    const marked = [...all, ...projectFiles().filter((path) => path.endsWith('.md'))].filter(
      (path) => path !== own && marks.test(readText(path)),
    );
    expect(marked).toEqual([]);
  });
});

describe('code of src/', () => {
  test('reads its surroundings in cli/ alone, and where the library makes its context', () => {
    const ambient = [...facts]
      .filter(([path]) => folderOf(path) !== 'cli' && path !== 'src/api/context.ts')
      .flatMap(([path, found]) => found.ambient.map(({ what, line }) => `${path}:${line} ${what}`));
    expect(ambient).toEqual([]);
  });

  test('exports by name and imports with the ending', () => {
    const wrong = [...facts].flatMap(([path, { imports, defaultExports }]) => [
      ...defaultExports.map((line) => `${path}:${line} default export`),
      ...imports
        .filter(({ specifier }) => specifier.startsWith('.') && !specifier.endsWith('.ts'))
        .map(({ specifier, line }) => `${path}:${line} ${specifier}`),
    ]);
    expect(wrong).toEqual([]);
  });

  test('every code is explained in docs/errors.md, and every one explained there exists', () => {
    const all = [...facts.values()];
    const used = new Set(all.flatMap(({ codes }) => codes));
    const possible = new Set(all.flatMap(({ possibleCodes }) => possibleCodes));
    const text = readText('docs/errors.md');
    const explained = new Set([...text.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].map((one) => one[1] ?? ''));
    const lacking = [...used].filter((code) => !explained.has(code));
    expect(lacking.sort(), 'used but not explained').toEqual([]);
    const dead = [...explained].filter((code) => !possible.has(code) && !code.startsWith('TARE_'));
    expect(dead.sort(), 'explained but not used').toEqual([]);
  });
});

describe('package.json', () => {
  const manifest = v.parse(
    v.object({
      engines: v.object({ node: v.string() }),
      dependencies: v.record(v.string(), v.string()),
      devDependencies: v.record(v.string(), v.string()),
    }),
    JSON.parse(readText('package.json')),
  );

  /** Each was weighed: a new one belongs here only with a reason in docs/decisions/. */
  const runtimeDependencies = [
    '@balena/dockerignore',
    'commander',
    'fzstd',
    'ignore',
    'nano-spawn',
    'openpgp',
    'py-ast',
    'smol-toml',
    'tar-stream',
    'undici',
    'valibot',
    'xz-decompress',
  ];

  test('what is installed with tare is what was decided', () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual(runtimeDependencies);
  });

  test('every version is exact', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test('Node 20 is enough', () => {
    expect(manifest.engines.node).toBe('>=20.19');
  });
});

test('no host of a package registry or mirror stands in the project', () => {
  const hosts = registryHosts();
  expect(hosts.length).toBeGreaterThan(0);
  const found: string[] = [];
  for (const path of projectFiles()) {
    const text = readText(path);
    for (const host of hosts) if (text.includes(host)) found.push(`${path} names a host of the configured registries`);
  }
  expect(found).toEqual([]);
});
