import type { FindingReport } from '../../build/build-report.ts';
import type { VerifiedFinding } from '../verify.ts';

/** What a report of a build says of what proving its image found. */
export function reportFindings(findings: readonly VerifiedFinding[]): readonly FindingReport[] {
  return findings.map(({ code, severity, message, chain, isAllowed, isOfBase }) => ({
    code,
    severity,
    message,
    ...(chain === undefined ? {} : { chain }),
    isAllowed,
    isOfBase,
  }));
}
