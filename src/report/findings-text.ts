import { renderCount } from './format.ts';

/** What the text needs of a finding. */
export interface ToldFinding {
  readonly severity: 'error' | 'warning';
  readonly isAllowed: boolean;
  readonly isOfBase: boolean;
}

/** In one line what proving an image found; the empty text where that is nothing. */
export function renderFound(findings: readonly ToldFinding[]): string {
  const count = (wanted: (one: ToldFinding) => boolean): number => findings.filter(wanted).length;
  const allowed = count((one) => one.isAllowed && one.severity === 'error');
  const own = count((one) => one.severity === 'warning' && !one.isOfBase);
  const ofBase = count((one) => one.severity === 'warning' && one.isOfBase);
  const said = [
    ...(allowed > 0 ? [`${renderCount(allowed, 'error')} allowed`] : []),
    ...(own > 0 ? [renderCount(own, 'warning')] : []),
    ...(ofBase > 0 ? [`${renderCount(ofBase, 'warning')} of the base`] : []),
  ];
  return said.length === 0 ? '' : `verified with ${said.join(' and ')}: \`tare verify\` shows them`;
}
