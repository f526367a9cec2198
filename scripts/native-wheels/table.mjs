import { architectures, notes, suites } from './wheels.mjs';

/** The document, of what was planned for each wheel and, where they were checked, of what was found. */
export function renderTable(rows, checked) {
  const columns = suites.flatMap(({ suite }) => architectures.map((one) => `${suite} ${one}`));
  const lines = rows.map((row) => {
    const cells = columns.map((column) => cellOf(row.plans.get(column)));
    return `| ${row.requirement} | ${versionsOf(row)} | ${cells.join(' | ')} |`;
  });
  return [
    '# What popular native wheels need of Debian',
    '',
    'Made by `node scripts/native-wheels.mjs --check`: for each wheel a project of one file that requires it, unpinned, on the composed base,',
    `with Python ${suites.map(({ suite, python }) => `${python} on ${suite}`).join(' and ')}. A cell says which packages \`tare plan\` adds under the policy`,
    '`needed`, with their packed bytes; where there are many, their number, and their names below. Versions are those of the wheel itself;',
    'needs of the distributions that it requires are counted with it.',
    '',
    `| wheel | version | ${columns.join(' | ')} |`,
    `|---|---|${columns.map(() => '---|').join('')}`,
    ...lines,
    '',
    ...notes.map((note) => `- ${note}`),
    '',
    '## The packages',
    '',
    'Where a cell gives a number only. `apt` is what `apt-get install --no-install-recommends` of the same would take beside the base.',
    '',
    ...rows.flatMap(packageLines),
    '',
    '## What stays open',
    '',
    ...orNothing(rows.flatMap(openLines)),
    '',
    '## What tare says',
    '',
    ...orNothing(rows.flatMap(warningLines)),
    '',
    ...checkedLines(rows, checked),
  ].join('\n');
}

/** As many names as a cell takes. */
const mostNames = 3;

function cellOf(plan) {
  if (plan.error !== undefined) return plan.error.code === 'RESOLVE_FAILED' ? 'no wheel' : `\`${plan.error.code}\``;
  const { systemPackages, system } = plan.target;
  const open = system.open.length === 0 ? '' : `, ${system.open.length} open`;
  if (systemPackages.length === 0) return `nothing${open}`;
  const bytes = megabytes(sizeOf(systemPackages));
  const names = systemPackages.map((one) => one.name);
  return `${names.length > mostNames ? `${names.length} packages` : names.join(', ')}, ${bytes}${open}`;
}

function versionsOf(row) {
  const versions = grouped(row, ({ target }) =>
    (target?.wheels ?? []).filter((one) => one.name === row.name).map((one) => one.version),
  );
  if (versions.length < 2) return versions.map((one) => one.text).join('');
  return versions.map(({ text, where }) => `${text} (${where})`).join(', ');
}

/** Targets that have the same are told together. */
function grouped(row, textOf) {
  const groups = new Map();
  for (const [column, plan] of row.plans) {
    for (const text of textOf(plan)) groups.set(text, [...(groups.get(text) ?? []), column]);
  }
  return [...groups].map(([text, columns]) => ({ text, where: whereOf(row, columns) }));
}

function whereOf(row, columns) {
  if (columns.length === row.plans.size) return 'all';
  const whole = suites.filter(({ suite }) => architectures.every((one) => columns.includes(`${suite} ${one}`)));
  const rest = columns.filter((column) => !whole.some(({ suite }) => column.startsWith(`${suite} `)));
  return [...whole.map(({ suite }) => suite), ...rest].join(', ');
}

function packageLines(row) {
  const plans = [...row.plans.values()];
  if (plans.every(({ target }) => (target?.systemPackages.length ?? 0) <= mostNames)) return [];
  const names = grouped(row, ({ target }) => {
    if (target === undefined || target.systemPackages.length === 0) return [];
    return [target.systemPackages.map((one) => one.name).join(' ')];
  });
  const apt = [...row.plans].flatMap(([column, { target }]) => {
    if (target === undefined) return [];
    const all = [...target.systemPackages, ...target.system.leftOut];
    return [`${column} ${all.length} packages, ${megabytes(sizeOf(all))}`];
  });
  return [
    `- **${row.requirement}**`,
    ...names.map(({ text, where }) => `  - ${where}: ${text}`),
    `  - apt: ${apt.join('; ')}`,
  ];
}

function openLines(row) {
  const texts = grouped(row, ({ target }) =>
    (target?.system.open ?? []).map(
      ({ name, chain, because }) => `\`${name}\`: ${because.rule} (${chain.join(' → ')})`,
    ),
  );
  return texts.map(({ text, where }) => `- **${row.requirement}**, ${where}: ${text}`);
}

function warningLines(row) {
  const texts = grouped(row, ({ warnings, error }) => {
    if (error !== undefined) return [`\`${error.code}\`: ${firstLine(error.message)}`];
    // Its bytes differ from one target to the next.
    return [...new Set(warnings.map(({ code, message }) => `\`${code}\`: ${message.replace(/, and saves .*$/, '')}`))];
  });
  return texts.map(({ text, where }) => `- **${row.requirement}**, ${where}: ${text}`);
}

function checkedLines(rows, checked) {
  const title = ['## What was checked', ''];
  if (checked === undefined) return [...title, 'Nothing: this was made without `--check`.', ''];
  const counts = [...checked.counts].map(
    ([where, { images, elfFiles, loaded }]) => `| ${where} | ${images} | ${elfFiles} | ${loaded} |`,
  );
  return [
    ...title,
    'Every plan of the table was built and the image unpacked. What tare reads of each ELF file in it was held against `readelf -d -V -l`:',
    'needed libraries, soname, RPATH, RUNPATH, interpreter, needed and defined symbol versions. Each program and shared object of the',
    'environment and of the loader’s folders was given to the image’s own loader (`LD_TRACE_LOADED_OBJECTS`, in a chroot; for arm64 under',
    'qemu), and which files it loads, which libraries it lacks and which symbol versions held against what tare says. Every library that',
    '`tare verify` tells of is lacking for the loader, and every one that is lacking is told, but for those that the Python code of a wheel',
    'opens before.',
    '',
    '| | images | ELF files read | objects loaded |',
    '|---|---|---|---|',
    ...counts,
    '',
    ...disagreementLines(checked.disagreements),
    '',
    '## What `tare verify` warns of',
    '',
    'Libraries that plug-ins in the images lack, which need not load. There is no error.',
    '',
    ...orNothing(rows.flatMap((row) => lackingLines(row, checked.warnings))),
    '',
  ];
}

function disagreementLines(disagreements) {
  if (disagreements.length === 0) return ['There is no disagreement.'];
  return ['They disagree here:', '', ...disagreements.map((one) => `- ${firstLine(one)}`)];
}

function lackingLines(row, warnings) {
  const names = new Map(
    [...row.plans.keys()].map((where) => {
      const findings = warnings.get(`${row.requirement}\n${where}`) ?? [];
      return [
        where,
        [...new Set(findings.map(({ chain }) => `\`${chain.at(-1)}\``))]
          .toSorted((left, right) => (left < right ? -1 : 1))
          .join(' '),
      ];
    }),
  );
  const texts = grouped({ plans: names }, (text) => (text === '' ? [] : [text]));
  return texts.map(({ text, where }) => `- **${row.requirement}**, ${where}: ${text}`);
}

function firstLine(text) {
  return text.split('\n', 1)[0].replace(/ \(for .*\)$/, '');
}

function orNothing(lines) {
  return lines.length === 0 ? ['Nothing.'] : lines;
}

function sizeOf(packages) {
  return packages.reduce((sum, one) => sum + one.size, 0);
}

function megabytes(bytes) {
  return bytes < 100_000 ? `${(bytes / 1000).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
