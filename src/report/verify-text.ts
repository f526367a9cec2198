import type { Finding } from '../inspect/finding.ts';
import { renderCount, renderPlainText } from './format.ts';

type ProvenFinding = Finding & { readonly isAllowed: boolean; readonly isOfBase: boolean };

/** What the text needs of a verified image; `api/` gives more. */
export interface VerifiedImage {
  readonly image: string;
  readonly isSound: boolean;
  readonly counts: { readonly errors: number; readonly warnings: number; readonly allowed: number };
  readonly platforms: readonly {
    readonly platform: string;
    readonly python?: string;
    readonly findings: readonly ProvenFinding[];
    readonly checked: Readonly<
      Record<'files' | 'elfFiles' | 'nativeRoots' | 'distributions' | 'bytecode' | 'scripts' | 'links', number>
    >;
  }[];
}

const ofBase = ', of the base';

/** Findings of one code beyond this are counted only. */
const mostShown = 8;

/** What a person sees of `tare verify`: findings by severity and code, each with its chain, then what was looked at. */
export function renderVerifyText(report: VerifiedImage): string {
  const parts = report.platforms.map((one) => renderPlatform(one));
  return renderPlainText([...parts, renderSummary(report)].join('\n\n'));
}

function renderPlatform({ platform, python, findings, checked }: VerifiedImage['platforms'][number]): string {
  const title = python === undefined ? platform : `${platform}, Python ${python}`;
  const looked = [
    renderCount(checked.files, 'file'),
    renderCount(checked.nativeRoots, 'native root'),
    renderCount(checked.distributions, 'distribution'),
    renderCount(checked.scripts, 'script'),
    renderCount(checked.links, 'link'),
    renderCount(checked.bytecode, 'bytecode file'),
  ];
  const groups = new Map<string, ProvenFinding[]>();
  for (const finding of findings) {
    const key = `${finding.isAllowed ? 'allowed' : finding.severity}[${finding.code}]${finding.isOfBase ? ofBase : ''}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  const order = ['error', 'warning', 'allowed'];
  const sorted = [...groups].sort(([left], [right]) => rankOf(left, order) - rankOf(right, order));
  return [
    `${title}: looked at ${looked.join(', ')}`,
    ...sorted.map(([key, members]) => renderGroup(key, members)),
  ].join('\n');
}

/** Those of the base come after the others. */
function rankOf(key: string, order: readonly string[]): number {
  return order.indexOf(key.slice(0, key.indexOf('['))) + (key.endsWith(ofBase) ? 0.5 : 0);
}

function renderGroup(key: string, findings: readonly Finding[]): string {
  const shown = findings.slice(0, mostShown).map((finding) => renderFinding(finding));
  const rest = findings.length - shown.length;
  const hints = new Set(findings.flatMap(({ hint }) => (hint === undefined ? [] : [hint])));
  return [
    `${key}: ${findings.length === 1 ? '' : `${findings.length} findings`}`.replace(/: $/, ''),
    ...shown,
    ...(rest > 0 ? [`  … and ${rest} more (all with --json)`] : []),
    ...[...hints].slice(0, mostShown).map((hint) => `  hint: ${hint}`),
  ].join('\n');
}

function renderFinding({ message, chain = [] }: Finding): string {
  // Two links say no more than the message.
  const way = chain.length < 3 ? [] : [`      ${chain.map(oneLine).join(' → ')}`];
  return [`  ${oneLine(message)}`, ...way].join('\n');
}

/** Names come from outside: a line feed in one would begin a line of its own. */
function oneLine(text: string): string {
  return text.replace(/[\n\t]/g, '�');
}

function renderSummary({ image, isSound, counts }: VerifiedImage): string {
  const { errors, warnings, allowed } = counts;
  const numbers = [
    renderCount(errors, 'error'),
    renderCount(warnings, 'warning'),
    ...(allowed > 0 ? [`${allowed} allowed`] : []),
  ];
  return `${image}: ${isSound ? 'sound' : 'not sound'} (${numbers.join(', ')})`;
}
