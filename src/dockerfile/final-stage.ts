import { imageSettingsOf } from '../plan/image-settings.ts';
import { baseVariableRule, debugFolder } from '../plan/environment.ts';
import { dataInstructions, hasApplication } from './application.ts';
import type { Frame } from './frame.ts';
import type { Instruction, NamedText } from './instruction.ts';

/** Files and settings of the image, above what `system` and the distributions brought. */
export function finalInstructions(frame: Frame, applicationStage: string): readonly Instruction[] {
  const { plan, owner, link } = frame;
  const code: Instruction[] = hasApplication(frame)
    ? [
        {
          kind: 'copy',
          comment: { brief: 'The code last: an edit changes this layer alone.' },
          from: applicationStage,
          sources: [plan.workdir],
          destination: plan.workdir,
          owner,
          link,
        },
      ]
    : [];
  // Before what an edit changes: a step behind it would run again.
  return [{ kind: 'workdir', path: plan.workdir }, ...dataInstructions(frame), ...code, ...settings(frame)];
}

function settings(frame: Frame): readonly Instruction[] {
  const { plan } = frame;
  const { cmd, user, labels, exposedPorts, stopSignal } = imageSettingsOf(plan);
  const pairs = environmentOf(frame);
  const labelPairs = Object.entries(labels).map(([name, value]) => ({
    name,
    value: value.replaceAll(/\s*[\r\n]+\s*/g, ' '),
  }));
  const [main] = Object.values(plan.processes);
  return [
    { kind: 'env', pairs, comment: { brief: environmentComment(frame) } },
    ...(labelPairs.length === 0 ? [] : [{ kind: 'label', pairs: labelPairs } satisfies Instruction]),
    { kind: 'user', value: user, comment: { brief: userComment(frame) } },
    ...(exposedPorts.length === 0 ? [] : [{ kind: 'expose', ports: exposedPorts } satisfies Instruction]),
    ...(stopSignal === undefined
      ? []
      : [
          {
            kind: 'stopsignal',
            value: stopSignal,
            comment: { brief: `${sentence(plan.stopSignal?.because.rule ?? '')}` },
          } satisfies Instruction,
        ]),
    ...healthcheck(frame),
    ...(frame.isForeignBase
      ? [{ kind: 'entrypoint', command: [], comment: entrypointComment } satisfies Instruction]
      : []),
    {
      kind: 'cmd',
      command: cmd,
      comment: { brief: `${sentence(reasonOf(main?.because))} No shell in between: signals reach the server.` },
    },
  ];
}

const entrypointComment = { brief: 'What the base may start by itself would get the command as its arguments.' };

function userComment({ plan }: Frame): string {
  return plan.user.uid === 0
    ? 'As configured; whoever breaks into the application is root in the container.'
    : 'In numbers, so that Kubernetes sees that it is not root.';
}

function environmentComment({ plan }: Frame): string {
  const hasBytecode = plan.bytecode.mode !== 'none';
  return hasBytecode
    ? 'Log lines appear when they are written; bytecode is there already.'
    : 'Log lines appear when they are written.';
}

/** The plan's, without what the base has, and without the virtual environment where there is none. */
function environmentOf({ plan, venv }: Frame): readonly NamedText[] {
  const { prefix } = plan.targets[0]?.python ?? { prefix: '' };
  const own = plan.env.filter(({ because }) => because.rule !== baseVariableRule);
  const pairs = own.flatMap(({ name, value }): NamedText[] => {
    if (name === 'VIRTUAL_ENV' && venv === undefined && value === prefix) return [];
    if (name !== 'PATH') return [{ name, value }];
    // The bases of Dockerfiles have a shell: no debug tools are added.
    const folders = value.split(':').filter((folder) => folder !== debugFolder);
    if (venv === undefined && folders.includes(`${prefix}/bin`)) return [];
    return [{ name, value: folders.join(':') }];
  });
  const isThere = pairs.some(({ name }) => name === 'PYTHONDONTWRITEBYTECODE');
  if (plan.bytecode.mode === 'none' || isThere) return pairs;
  return [...pairs, { name: 'PYTHONDONTWRITEBYTECODE', value: '1' }];
}

/** Python's own client: no curl in the image, no proxy in between. */
function healthcheck({ plan, python, isForeignBase }: Frame): readonly Instruction[] {
  const check = plan.healthcheck;
  if (check === undefined) return isForeignBase ? [{ kind: 'healthcheck', options: [], command: [] }] : [];
  const { port, path } = check;
  const script =
    path === undefined
      ? `import socket; socket.create_connection(("127.0.0.1", ${port}), 4).close()`
      : [
          'import http.client, sys',
          `c = http.client.HTTPConnection("127.0.0.1", ${port}, timeout=4)`,
          `c.request("GET", ${pythonText(path)})`,
          'sys.exit(not 200 <= c.getresponse().status < 400)',
        ].join('; ');
  return [
    {
      kind: 'healthcheck',
      comment: { brief: `${sentence(reasonOf(check.because))} Python asks it, as there is no curl.` },
      options: ['--interval=30s', '--timeout=5s', '--start-period=30s', '--retries=3'],
      command: [python.program, '-I', '-S', '-c', script],
    },
  ];
}

/** A literal of Python: that of JSON is one where nothing is beyond the Basic Multilingual Plane's escapes. */
function pythonText(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[^\u0020-\u007e]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function reasonOf(
  because: { readonly file?: string; readonly line?: number; readonly rule: string } | undefined,
): string {
  if (because === undefined) return '';
  const { file, line, rule } = because;
  if (file === undefined) return rule;
  return `${rule} (${line === undefined ? file : `${file}:${line}`})`;
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
