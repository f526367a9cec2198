// Plans a project for each of some popular native wheels, on both suites and architectures, and writes docs/native-wheels.md: what Debian
// has to add to each. With --check it builds them, too, and holds what tare reads of every ELF file against readelf, and what it says
// would load against the loader of the built image: some 20 minutes more. Downloads stay in .bench/native-wheels.
//   node scripts/native-wheels.mjs [--check] [--offline] [--cli FILE] [WHEEL...]      all wheels unless told; the table only of all
// --check needs readelf, and root for the loader.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkWheels } from './native-wheels/check.mjs';
import { planProject, writeProject } from './native-wheels/projects.mjs';
import { renderTable } from './native-wheels/table.mjs';
import { architectures, suites, wheels } from './native-wheels/wheels.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' }, offline: { type: 'boolean' }, cli: { type: 'string' } },
});
const settings = {
  root,
  here: join(root, '.bench/native-wheels'),
  cli: resolve(values.cli ?? join(root, 'dist/main.js')),
  offline: values.offline === true,
};

const rows = (positionals.length === 0 ? wheels : positionals).map((requirement) => {
  const dir = writeProject(settings, requirement);
  const plans = new Map();
  for (const { suite, python } of suites) {
    const found = planProject(settings, dir, python);
    for (const [at, plan] of found.entries()) plans.set(`${suite} ${architectures[at]}`, plan);
  }
  const name = requirement.replace(/\[.*$/, '').toLowerCase();
  for (const [where, { target, error }] of plans) {
    const names = target?.systemPackages.map((one) => one.name).join(' ');
    console.log(`${requirement}, ${where}: ${error?.code ?? (names === '' ? 'nothing' : names)}`);
  }
  return { requirement, name, dir, plans };
});
const checked = values.check === true ? await checkWheels(settings, rows) : undefined;
if (positionals.length === 0) {
  writeFileSync(join(root, 'docs/native-wheels.md'), renderTable(rows, checked));
}
if (checked !== undefined) {
  console.log(`${checked.disagreements.length} disagreements`);
  process.exitCode = checked.disagreements.length === 0 ? 0 : 1;
}
