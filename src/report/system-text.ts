import type { PlannedSystemPackage, Target } from '../plan/types.ts';
import { renderBytes } from '../base/size-text.ts';
import { renderColumns, renderCount, renderPlainText } from './format.ts';

/** System libraries of a target: each with what leads to it; with `explain` all of the way, and what was left out. */
export function renderSystemText({ systemPackages, system }: Target, explain: boolean): string | undefined {
  const { policy, leftOut, open } = system;
  const sections: string[] = [];
  if (systemPackages.length > 0) {
    const rows = systemPackages.map((one) => [
      one.name,
      one.version,
      renderBytes(one.size),
      renderBytes(one.unpackedSize),
      renderPlainText(explain ? one.chain.join(' → ') : shortChain(one)),
    ]);
    const title = `system libraries, policy ${policy}: ${sizesOf(systemPackages)}${compared(systemPackages, leftOut)}`;
    sections.push(`${title}\n${renderColumns(rows, ['left', 'left', 'right', 'right', 'left'], '  ')}`);
  }
  if (explain && leftOut.length > 0) {
    const rows = leftOut.map((one) => [one.name, renderBytes(one.size), renderBytes(one.unpackedSize)]);
    const title = `left out, though a dependency, as nothing that must load needs it: ${sizesOf(leftOut)}`;
    sections.push(`${title}\n${renderColumns(rows, ['left', 'right', 'right'], '  ')}`);
  }
  if (open.length > 0) {
    const rows = open.map((one) => [one.name, one.because.rule, renderPlainText(one.chain.join(' → '))]);
    sections.push(`not found\n${renderColumns(rows, ['left', 'left', 'left'], '  ')}`);
  }
  return sections.length === 0 ? undefined : sections.join('\n\n');
}

interface Sized {
  readonly size: number;
  readonly unpackedSize: number;
}

function sizesOf(packages: readonly Sized[]): string {
  const sum = (of: (one: Sized) => number): string => renderBytes(packages.reduce((total, one) => total + of(one), 0));
  return `${renderCount(packages.length, 'package')}, ${sum((one) => one.size)} packed, ${sum((one) => one.unpackedSize)} unpacked`;
}

function compared(added: readonly Sized[], leftOut: readonly Sized[]): string {
  return leftOut.length === 0 ? '' : ` (with everything that they depend on: ${sizesOf([...added, ...leftOut])})`;
}

/** Where it begins, the file that needs it, and what is needed. */
function shortChain({ chain }: PlannedSystemPackage): string {
  const [first, ...rest] = chain.map((step) => step.slice(step.lastIndexOf('/') + 1));
  return [first, ...rest.slice(-2)].join(' → ');
}
