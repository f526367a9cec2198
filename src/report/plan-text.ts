import type { Plan, PlannedBase, PlannedBytecode, PlannedCertificates, PlannedDebug, Target } from '../plan/types.ts';
import { renderBecause } from './because-text.ts';
import { renderBytes } from '../base/size-text.ts';
import { renderColumns, renderPlainText } from './format.ts';
import { renderSystemText } from './system-text.ts';

/** The plan as a table; with `explain`, each decision's reason below it. */
export function renderPlanText(plan: Plan, explain: boolean): string {
  const sections = [
    renderHead(plan, explain),
    ...plan.targets.map((target) => renderTarget(target, plan.bytecode, explain)),
  ];
  if (plan.certificates !== undefined) sections.splice(1, 0, renderCertificates(plan.certificates, explain));
  if (plan.warnings.length > 0) sections.push(renderWarnings(plan));
  if (!explain) sections.push('reasons: tare plan --explain    files: tare plan --files');
  return sections.join('\n\n');
}

type Row = readonly [label: string, value: string, because: string];

function renderHead(plan: Plan, explain: boolean): string {
  const { project, files, user } = plan;
  const rows: Row[] = [
    ['project', [project.name, project.version].filter(Boolean).join(' '), renderBecause(project.because)],
  ];
  if (project.distribution !== undefined) {
    const { name, version, packages, because } = project.distribution;
    rows.push(['installed as', `${name} ${version} (${packages.join(', ')})`, renderBecause(because)]);
  }
  for (const [name, { command, ports, because }] of Object.entries(plan.processes)) {
    const port = ports.length === 0 ? '' : `  (port ${ports.join(', ')})`;
    rows.push([`process ${name}`, `${command.map(quote).join(' ')}${port}`, renderBecause(because)]);
  }
  rows.push(['user', `${user.uid}:${user.gid}, home ${user.home}`, renderBecause(user.because)]);
  rows.push(['working folder', plan.workdir, '']);
  if (plan.readOnly !== undefined) {
    const { writable, because } = plan.readOnly;
    const mounts = writable.map((folder) => `--tmpfs ${folder}`).join(' ');
    rows.push([
      'read-only',
      `but for ${writable.join(', ')}: docker run --read-only ${mounts} IMAGE`,
      renderBecause(because),
    ]);
  }
  for (const group of files.groups) {
    const value = `${group.paths.length} files, ${renderBytes(group.bytes)} to ${group.destination}`;
    rows.push([group.kind, value, renderBecause(group.because)]);
  }
  const leftOut = files.leftOut.length;
  if (leftOut > 0) rows.push(['left out', `${leftOut} paths of the project`, 'see `tare plan --files`']);
  const kept = plan.sources.kept.length;
  if (plan.sources.mode === 'strip') {
    const value = kept === 0 ? 'stripped' : `stripped but for ${kept}, see \`tare plan --files\``;
    rows.push(['sources', value, renderBecause(plan.sources.because)]);
  }
  if (explain)
    for (const { name, value, because } of plan.env)
      rows.push(['environment', `${name}=${value}`, renderBecause(because)]);
  return renderRows(rows, explain);
}

function baseTitle(base: PlannedBase): string {
  if (base.provider === 'image') return base.title;
  const debian = `Debian ${base.suite}`;
  return base.provider === 'debian' ? debian : `${debian} with ${base.archive.filename}`;
}

function renderCertificates({ bundle, added, because }: PlannedCertificates, explain: boolean): string {
  const rows = added.map(({ subject, fingerprint, expires }) => [
    renderPlainText(subject),
    `until ${expires}`,
    fingerprint,
  ]);
  const reason = explain ? `  ${renderBecause(because)}` : '';
  return `certificates added to ${bundle}${reason}\n${renderColumns(rows, ['left', 'left', 'left'], '  ')}`;
}

function renderTarget(target: Target, { mode, because }: PlannedBytecode, explain: boolean): string {
  const { python, base, resolution, wheels } = target;
  const total = wheels.reduce((sum, wheel) => sum + (wheel.size ?? 0), 0);
  const rows: Row[] = [
    ['platform', target.platform, ''],
    ['python', python.fullVersion ?? python.version, renderBecause(python.because)],
    [
      'bytecode',
      target.compiler === undefined ? 'none' : `${mode}, of CPython ${target.compiler.version}`,
      renderBecause(target.compiler?.because ?? because),
    ],
    ['base', `${baseTitle(base)}, ${base.packages.length} packages, glibc ${base.glibc}`, renderBecause(base.because)],
    ['wheels', `${wheels.length}, ${renderBytes(total)}`, renderBecause(resolution.because)],
    ...(target.debug === undefined ? [] : [renderDebug(target.debug)]),
  ];
  const hasBuilt = wheels.some((wheel) => wheel.built !== undefined);
  const list = wheels.map((wheel) => [
    wheel.name,
    wheel.version,
    wheel.size === undefined ? 'unknown' : renderBytes(wheel.size),
    wheel.filename
      .split('-')
      .slice(-3)
      .join('-')
      .replace(/\.whl$/, ''),
    ...(hasBuilt ? [wheel.built === undefined ? '' : `built from ${renderPlainText(wheel.built.source)}`] : []),
    ...(explain ? [renderBecause(wheel.built?.because ?? wheel.because)] : []),
  ]);
  const layers = target.layers.map((layer) => [
    layer.kind,
    layer.title,
    `${layer.contents.length}`,
    ...(explain ? [renderBecause(layer.because)] : []),
  ]);
  const system = renderSystemText(target, explain);
  return [
    renderRows(rows, explain),
    renderColumns(list, ['left', 'left', 'right', 'left', 'left'], '  '),
    ...(system === undefined ? [] : [system]),
    `layers, bottom to top\n${renderColumns(layers, ['left', 'left', 'right', 'left'], '  ')}`,
  ].join('\n\n');
}

function renderWarnings({ warnings }: Plan): string {
  const lines = warnings.flatMap(({ message, hint }) => [
    `  ${renderPlainText(message)}`,
    ...(hint === undefined ? [] : [`      ${renderPlainText(hint)}`]),
  ]);
  return ['to look at', ...lines].join('\n');
}

function renderDebug({ name, version, because }: PlannedDebug): Row {
  return ['debug tools', `${name} ${version}`, renderBecause(because)];
}

function renderRows(rows: readonly Row[], explain: boolean): string {
  const plain = rows.map(([label, value, because]) => [label, renderPlainText(value), explain ? because : '']);
  return renderColumns(plain, ['left', 'left', 'left']);
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Every file with its place in the image, then what stays out and why. */
export function renderFilesText(plan: Plan): string {
  const included = plan.files.groups.flatMap((group) =>
    group.paths.map((path) => [
      path,
      `${group.destination}/${group.strip === '' ? path : path.slice(group.strip.length + 1)}`,
    ]),
  );
  const leftOut = plan.files.leftOut.map(({ path, because }) => [renderPlainText(path), renderBecause(because)]);
  return [
    `enters the image (${included.length})`,
    renderColumns(
      included.map(([from = '', to = '']) => [renderPlainText(from), renderPlainText(to)]),
      ['left', 'left'],
      '  ',
    ),
    `stays out (${leftOut.length})`,
    renderColumns(leftOut, ['left', 'left'], '  '),
    ...renderKept(plan),
  ].join('\n');
}

/** Which of the application's modules stay sources when the others are stripped, and why. */
function renderKept({ sources }: Plan): readonly string[] {
  if (sources.mode === 'keep') return [];
  const rows = sources.kept.map(({ path, because }) => [renderPlainText(path), renderBecause(because)]);
  return [`stays a source (${rows.length})`, renderColumns(rows, ['left', 'left'], '  ')];
}
