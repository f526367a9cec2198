import { type Copy, DockerfileParser, type Instruction as Parsed } from 'dockerfile-ast';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dockerfileInputs } from '../../test/support/dockerfile-plan.ts';
import { isTareError } from '../base/errors.ts';
import { makeFrame } from './frame.ts';
import type { Instruction } from './instruction.ts';
import { dockerfileInstructions, renderDockerfile } from './render.ts';
import { type DockerfileInputs, type DockerfileOptions, variants } from './types.ts';

const because = { rule: 'the test says so' };

/** Text that is made of what Dockerfiles, shells, JSON and patterns find special. */
const nasty = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      ...[' ', '"', "'", '$', '\\', '`', '#', '-', '{', '}', '[', ']', '*', '?', '!', '&', ';', '|', '<', '>', '='],
      ...['a', '0', '.', ',', ':', '~', 'é', '日', '😀', '\t', '\n', '\r', '\u2028', '\u0085', '%', '@', '(', ')'],
    ),
    minLength: 1,
    maxLength: 12,
  }),
  fc.constantFrom(
    ...[
      'RUN rm -rf /',
      '\nRUN rm -rf /',
      'a\\\nRUN x',
      '<<EOF',
      '# syntax=evil',
      '--from=evil',
      '$(id)',
      '${HOME}',
      '`id`',
    ],
    ...[
      '["a", "b"]',
      'x" \\\nCMD ["evil"]',
      'ends with \\',
      ' leading',
      'trailing ',
      '#comment',
      '!bang',
      '||',
      '&& evil',
    ],
    'x'.repeat(200),
  ),
  fc.string({ minLength: 1 }),
);
const segment = nasty.map((text) => text.replaceAll(/[/\0]/g, '_')).filter((text) => text !== '.' && text !== '..');
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const noNul = nasty.map((text) => text.replaceAll('\0', ''));

/** Inputs in which every text that comes from a project is hostile. */
const hostile = fc
  .record({
    application: fc.uniqueArray(path, { maxLength: 6 }),
    data: fc.uniqueArray(path, { maxLength: 3 }),
    label: fc.tuple(
      noNul.filter((text) => text.trim() !== ''),
      noNul,
    ),
    variable: fc.tuple(fc.stringMatching(/^[^=\s\0]{1,10}$/), noNul),
    command: fc.array(noNul, { minLength: 1, maxLength: 4 }),
    requirements: path,
    workdir: segment.map((text) => `/srv/${text.replaceAll(/[\r\n]/g, '_')}`),
    route: noNul,
    rule: noNul,
    strip: fc.boolean(),
    extra: noNul,
    certificate: path,
    buildFile: path,
    kind: fc.constantFrom('requirements', 'uv', 'plan', 'distribution'),
  })
  .map((one): DockerfileInputs => {
    const group = { strip: '', bytes: 1, because: { file: one.rule, rule: one.rule } };
    const lock: DockerfileInputs['lock'] =
      one.kind === 'requirements'
        ? { kind: 'requirements', file: one.requirements, files: [one.requirements] }
        : one.kind === 'uv'
          ? { kind: 'uv', extras: [one.extra], groups: [one.extra] }
          : { kind: 'plan' };
    const own = one.kind === 'distribution';
    return dockerfileInputs(
      {
        ...(own
          ? {
              project: {
                name: 'x',
                because,
                distribution: { name: 'x', version: '1', packageRoot: '.', packages: ['x'], because },
              },
            }
          : {}),
        files: {
          groups: [
            { ...group, kind: 'application', destination: one.workdir, paths: one.application },
            {
              ...group,
              kind: 'data',
              destination: one.workdir,
              paths: one.data.filter((each) => !one.application.includes(each)),
            },
            ...(own
              ? [{ ...group, kind: 'distribution' as const, destination: '/opt/venv/x', paths: ['x/__init__.py'] }]
              : []),
          ],
          leftOut: [],
        },
        labels: { [one.label[0]]: one.label[1] },
        env: [{ name: one.variable[0], value: one.variable[1], because: { rule: one.rule } }],
        processes: { web: { command: one.command, ports: [80], because: { file: one.rule, line: 1, rule: one.rule } } },
        healthcheck: { port: 80, path: one.route, because: { rule: one.rule } },
        workdir: one.workdir,
        sources: {
          mode: one.strip ? 'strip' : 'keep',
          because,
          kept: one.application.map((each) => ({ path: each, because })),
        },
        certificates: { bundle: '/x', added: [], because },
      },
      { lock, certificateFiles: [one.certificate], buildFiles: [one.buildFile], because: one.rule },
    );
  });

const bases = fc.constantFrom('python:3.13-slim-trixie', 'registry.example/team/base:1');

const options = fc.record({
  variant: fc.constantFrom(...variants),
  comments: fc.constantFrom('full', 'brief', 'none'),
}) as fc.Arbitrary<DockerfileOptions>;

describe('whatever the names of a project hold', () => {
  test('the file has the intended instructions and no other', () => {
    let rendered = 0;
    fc.assert(
      fc.property(hostile, bases, options, (project, name, option) => {
        const inputs = { ...project, base: { ...project.base, name } };
        const intended = dockerfileInstructions(makeFrame(inputs, option));
        const text = renderOrRefuse(inputs, option);
        if (text === undefined) return;
        rendered++;
        const parsed = DockerfileParser.parse(text);
        expect(parsed.getDirectives()).toEqual([]);
        expect(parsed.getInstructions().map((one) => one.getKeyword())).toEqual(intended.map(keywordOf));
        parsed.getInstructions().forEach((one, at) => {
          const wanted = intended[at] as Instruction;
          expect(meaningOf(text, one), text).toEqual(wantedMeaning(wanted, option.variant === 'plain'));
        });
      }),
      { numRuns: 400 },
    );
    expect(rendered).toBeGreaterThan(100);
  });
});

/** Undefined where the project holds what no Dockerfile can: a line break where there are no quotes for it. */
function renderOrRefuse(inputs: DockerfileInputs, option: DockerfileOptions): string | undefined {
  try {
    return renderDockerfile(inputs, option).text;
  } catch (error) {
    if (!isTareError(error)) throw error;
    expect(error.code).toBe('DOCKERFILE_INEXPRESSIBLE');
    const hasEquals = Object.keys(inputs.plan.labels).some((name) => name.includes('='));
    if (!hasEquals) expect(JSON.stringify(inputs)).toMatch(/\\[rn]|\\u0000/);
    return undefined;
  }
}

function keywordOf(instruction: Instruction): string {
  return instruction.kind.toUpperCase();
}

/** What an instruction says, read from its text by the rules of the Dockerfile reference; for others, undefined. */
function meaningOf(text: string, one: Parsed): unknown {
  const raw = one.getRawArgumentsContent() ?? '';
  switch (one.getKeyword()) {
    case 'COPY': {
      const words = (one as Copy).getFlags().map(String);
      const rest = raw.replace(/^(?:--\S+ )*/, '');
      const list = rest.startsWith('[') ? (JSON.parse(rest) as string[]) : rest.split(' ');
      const plain = list.map(unescaped);
      return { words, sources: plain.slice(0, -1).map(nameOf), destination: plain.at(-1) };
    }
    case 'CMD':
    case 'ENTRYPOINT':
      return JSON.parse(raw);
    case 'HEALTHCHECK':
      return raw === 'NONE' ? [] : JSON.parse(raw.slice(raw.indexOf('[')));
    case 'ENV':
    case 'LABEL':
      return pairsOf(raw);
    case 'WORKDIR':
      return unescaped(raw.startsWith('"') ? raw.slice(1, -1) : raw);
    case 'RUN':
      return { mounts: (one as Copy).getFlags().length, words: shellWords(raw.replaceAll('\\\n', ' ')) };
    default:
      return text.length > 0;
  }
}

/** Any one character stands for what the builder cannot be told. */
function sayable(path: string, asciiOnly: boolean): string {
  const shown = path.replaceAll(/[*\0-\u001f\u007f]/g, '?');
  return asciiOnly ? [...shown].map((one) => (one > '\u007f' ? '?' : one)).join('') : shown;
}

function wantedMeaning(one: Instruction, asciiOnly: boolean): unknown {
  switch (one.kind) {
    case 'copy': {
      const { from, owner, link, sources, destination } = one;
      const words = [
        ...(from === undefined ? [] : [`--from=${from}`]),
        ...(owner === undefined ? [] : [`--chown=${owner}`]),
        ...(link === true ? ['--link'] : []),
      ];
      return { words, sources: sources.map((path) => sayable(path, asciiOnly)), destination };
    }
    case 'cmd':
    case 'entrypoint':
    case 'healthcheck':
      return one.command;
    case 'env':
    case 'label':
      return one.pairs.map(({ name, value }) => [name, value]);
    case 'workdir':
      return one.path;
    case 'run': {
      const words = one.commands.flatMap((command, at) => [
        ...(at === 0 ? [] : ['&&']),
        ...command.flat().flatMap((word) => (typeof word === 'string' ? [word] : shellWords(word.shell))),
      ]);
      return { mounts: one.mounts.length, words };
    }
    default:
      return true;
  }
}

/** Escapes taken away; quotes and variables must be escaped, or they would be more than text. */
function unescaped(word: string): string {
  return word.replaceAll(/\\([^])|(["'$])/g, (_all, escaped: string | undefined, bare: string | undefined) => {
    if (bare !== undefined) throw new Error(`\`${bare}\` is not escaped in ${word}`);
    return escaped ?? '';
  });
}

/** The name that a pattern matches (Go, `filepath.Match`), with `?` where it matches any character. */
function nameOf(pattern: string): string {
  return pattern.replaceAll(
    /\[(\\\\|[^\\])\]|([*[\\])/g,
    (_all, inner: string | undefined, bare: string | undefined) => {
      if (bare !== undefined) throw new Error(`\`${bare}\` is a wildcard in ${pattern}`);
      return inner === '\\\\' ? '\\' : (inner ?? '');
    },
  );
}

function pairsOf(raw: string): unknown[] {
  const pair = /(?:^|\s)("(?:[^"\\]|\\[^])*"|[^\s="\\$]+)="((?:[^"\\$]|\\[^])*)"/y;
  const text = raw.replaceAll(/\\\n\s*/g, '');
  const found: unknown[] = [];
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (match === null) throw new Error(`no pair in ${text}`);
    const [, name = '', value = ''] = match;
    found.push([unescapedValue(name.startsWith('"') ? name.slice(1, -1) : name), unescapedValue(value)]);
  }
  return found;
}

/** Inside double quotes an apostrophe is only itself. */
function unescapedValue(text: string): string {
  return text.replaceAll(/\\([\\"$])/g, '$1');
}

/** Words of a POSIX shell, quotes taken away. */
function shellWords(text: string): string[] {
  return [...text.matchAll(/(?:'[^']*'|\\'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|\\'/g, (all, inner: string | undefined) => inner ?? all.slice(1)),
  );
}
