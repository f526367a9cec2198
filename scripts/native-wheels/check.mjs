import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { listWithLoader } from './image-loader.mjs';
import { runTare } from './projects.mjs';
import { compareWithReadelf } from './readelf.mjs';
import { readRoot } from './root-files.mjs';
import { compileSources } from '../compile-sources.mjs';
import { suites } from './wheels.mjs';

/** What is held against other programs. */
const modules = {
  elf: 'elf/elf',
  tree: 'root/tree',
  loader: 'root/loader',
  folders: 'inspect/loader-folders',
  host: 'plan/knowledge/host-libraries',
};

const environment = 'opt/venv/';

/**
 * Builds every plan and holds what tare says of it against `readelf` and the loader of the image. Gives `disagreements`, `counts` by
 * target, and by wheel and target what `tare verify` warns of.
 */
export async function checkWheels(settings, rows) {
  const tare = await compileSources(join(settings.here, 'compiled'), modules);
  const result = { disagreements: [], counts: new Map(), warnings: new Map() };
  for (const row of rows) {
    for (const [where, { target, libraryPath }] of row.plans) {
      if (target === undefined) continue;
      const began = performance.now();
      const found = checkImage(tare, settings, { row, where, target, libraryPath });
      for (const one of found.disagreements) {
        result.disagreements.push(`${row.requirement}, ${where}: ${one}`);
        console.error(result.disagreements.at(-1));
      }
      addCounts(result.counts, where, found.counts);
      result.warnings.set(`${row.requirement}\n${where}`, found.warnings);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(`${row.requirement}, ${where}: ${JSON.stringify(found.counts)} ${seconds} s`);
    }
  }
  return result;
}

function addCounts(all, where, counts) {
  const before = all.get(where) ?? {};
  const sum = Object.entries(counts).map(([name, count]) => [name, count + (before[name] ?? 0)]);
  all.set(where, Object.fromEntries(sum));
}

function checkImage(tare, settings, { row, where, target, libraryPath }) {
  const [suite, architecture] = where.split(' ');
  const { python } = suites.find((one) => one.suite === suite);
  const scratch = join(settings.here, 'scratch');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch);
  try {
    const platform = ['--platform', `linux/${architecture}`];
    const build = ['build', row.dir, '--python', python, ...platform, '--json', '--progress', 'none', '--output'];
    const [layout, root] = [join(scratch, 'oci'), join(scratch, 'root')];
    for (const output of [`oci:${layout}`, `rootfs:${root}`]) {
      const { status, stderr } = runTare(settings, [...build, output]);
      if (status !== 0) return { disagreements: [`tare build ended with ${status}\n${stderr}`], counts: { images: 1 } };
    }
    const verified = JSON.parse(runTare({ ...settings, offline: false }, ['verify', `oci:${layout}`, '--json']).stdout);
    return compareImage(tare, { root, architecture, target, libraryPath, findings: verified.platforms[0].findings });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function compareImage(tare, { root, architecture, target, libraryPath, findings }) {
  const { files, problems } = readRoot(tare, root);
  const objects = files.filter((file) => file.elf !== undefined && file.elf.machine === architecture);
  const tree = tare.tree.layTree([files]);
  const platform = { os: 'linux', architecture };
  const textOf = (path) => (tree.find(path)?.type === 'file' ? readFileSync(join(root, path), 'utf8') : undefined);
  const folders = tare.folders.loaderFolders({ tree, platform, textOf });
  const loader = tare.loader.createLoader(tree, { machine: architecture, libraryPath, folders });
  const loaded = objects.filter((file) => isListed(file, folders));
  const listings = listWithLoader(
    root,
    architecture,
    loaded.map(({ path }) => path),
    libraryPath.join(':'),
  );
  const disagreements = [
    ...problems.map(({ path, error }) => `/${path}: ${error.message}`),
    ...compareWithReadelf(root, objects),
    ...loaded.flatMap((file, at) => compareListing(tree, loader, file, listings[at])),
    ...compareFindings(tare, { files, loaded, listings, findings, target }),
  ];
  const lacking = findings.filter(({ code }) => /library/.test(code));
  const counts = { images: 1, elfFiles: objects.length, loaded: loaded.length, findings: lacking.length };
  return { disagreements, counts, warnings: lacking };
}

/** What is in the environment of the application, and the libraries of the system. */
function isListed({ path, elf }, folders) {
  if (elf.needed.length === 0) return false;
  return path.startsWith(environment) || folders.includes(path.slice(0, path.lastIndexOf('/')));
}

/** Both as the first object of a process, which the loader takes it for. */
function compareListing(tree, loader, { path }, listing) {
  const result = loader.load(path);
  const real = (place) => tree.resolve(place)?.path ?? place;
  const differences = [
    ['loads', result.objects.slice(1), listing.found.map(real).filter((one) => one !== path)],
    ['lacks', result.missing.map((one) => one.soname), listing.missing],
    [
      'lacks the versions',
      result.missingVersions.map((one) => `${one.version} of ${one.provider} for ${one.chain.at(-1)}`),
      listing.versions.map((one) => `${one.version} of ${real(one.provider)} for ${real(one.by)}`),
    ],
  ].flatMap(([verb, ours, theirs]) => {
    const [left, right] = [ours, theirs].map((names) => new Set(names));
    const only = (some, others) => [...some].filter((one) => !others.has(one)).join(' ');
    const [more, fewer] = [only(left, right), only(right, left)];
    return more === '' && fewer === '' ? [] : [`/${path} ${verb} [${more}] for tare alone, [${fewer}] for the loader`];
  });
  return [...differences, ...listing.unread.map((line) => `/${path}: the loader says: ${line}`)];
}

/** Every library that is told is one that the loader lacks, and one that it lacks is told, of the host, or of a wheel that opens it. */
function compareFindings(tare, { files, loaded, listings, findings, target }) {
  const lost = new Map();
  for (const [at, { path }] of loaded.entries()) {
    for (const soname of listings[at].missing) lost.set(soname, [...(lost.get(soname) ?? []), path]);
  }
  const told = findings.filter(({ code }) => code.endsWith('library-missing'));
  const names = new Set(told.map(({ chain }) => chain.at(-1)));
  const inWheels = new Set(
    files
      .filter(({ path, elf }) => elf !== undefined && path.startsWith(environment))
      .flatMap(({ path, elf }) => [path.slice(path.lastIndexOf('/') + 1), elf.soname]),
  );
  const isExplained = (soname) => names.has(soname) || inWheels.has(soname) || tare.host.isHostLibrary(soname);
  const open = new Set(target.system.open.map(({ name }) => name));
  const errors = told.filter(({ severity }) => severity === 'error').map(({ chain }) => chain.at(-1));
  return [
    ...[...lost]
      .filter(([soname]) => !isExplained(soname))
      .map(([soname, [path]]) => `${soname} of /${path} is not told`),
    ...[...names].filter((soname) => !lost.has(soname)).map((soname) => `${soname} is told, and the loader has it`),
    ...errors.filter((soname) => !open.has(soname)).map((soname) => `${soname} is an error, and not open in the plan`),
  ];
}
