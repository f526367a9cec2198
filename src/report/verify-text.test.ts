import { expect, test } from 'vitest';
import { renderVerifyText, type VerifiedImage } from './verify-text.ts';

const checked = { files: 100, elfFiles: 9, nativeRoots: 7, distributions: 1, bytecode: 0, scripts: 2, links: 3 };
type Findings = VerifiedImage['platforms'][number]['findings'];

function report(findings: Findings): VerifiedImage {
  const errors = findings.filter((one) => one.severity === 'error' && !one.isAllowed).length;
  return {
    image: 'oci:out',
    isSound: errors === 0,
    counts: { errors, warnings: findings.length - errors, allowed: findings.filter((one) => one.isAllowed).length },
    platforms: [{ platform: 'linux/amd64', python: '3.13', findings, checked }],
  };
}

test('errors come first, with the chain and what to do', () => {
  const text = renderVerifyText(
    report([
      {
        code: 'user-is-root',
        severity: 'warning',
        message: 'the image runs as root',
        isAllowed: false,
        isOfBase: false,
      },
      {
        code: 'library-missing',
        severity: 'error',
        message: '`/x/cv2/cv2.abi3.so` needs `libGL.so.1`, which is not in the image',
        chain: ['opencv-python', 'cv2/cv2.abi3.so', 'libGL.so.1'],
        hint: 'add `system-packages = ["libgl1"]`',
        isAllowed: false,
        isOfBase: false,
      },
    ]),
  );
  expect(
    text,
  ).toBe(`linux/amd64, Python 3.13: looked at 100 files, 7 native roots, 1 distribution, 2 scripts, 3 links, 0 bytecode files
error[library-missing]
  \`/x/cv2/cv2.abi3.so\` needs \`libGL.so.1\`, which is not in the image
      opencv-python → cv2/cv2.abi3.so → libGL.so.1
  hint: add \`system-packages = ["libgl1"]\`
warning[user-is-root]
  the image runs as root

oci:out: not sound (1 error, 1 warning)`);
});

test('many findings of one kind are counted', () => {
  const findings = Array.from({ length: 30 }, (_, index) => ({
    code: 'link-dangling' as const,
    severity: 'warning' as const,
    message: `link ${index}`,
    isAllowed: false,
    isOfBase: false,
  }));
  const text = renderVerifyText(report(findings));
  expect(text).toContain('warning[link-dangling]: 30 findings');
  expect(text).toContain('… and 22 more (all with --json)');
  expect(text).toContain('oci:out: sound (0 errors, 30 warnings)');
});

test('what the base brings comes apart, after the rest', () => {
  const finding = {
    code: 'set-id',
    severity: 'warning',
    message: 'of mount',
    isAllowed: false,
    isOfBase: true,
  } as const;
  const text = renderVerifyText(report([finding, { ...finding, message: 'of mine', isOfBase: false }]));
  expect(text).toContain('warning[set-id]\n  of mine\nwarning[set-id], of the base\n  of mount\n');
});

test('what is allowed is shown as such', () => {
  const [finding] =
    report([{ code: 'set-id', severity: 'error', message: 'm', isAllowed: true, isOfBase: false }]).platforms[0]
      ?.findings ?? [];
  const text = renderVerifyText(report(finding === undefined ? [] : [finding]));
  expect(text).toContain('allowed[set-id]');
  expect(text).toContain('1 allowed');
});

test('names from the image drive no terminal and begin no line', () => {
  const message = 'a\u001b[31m\nerror[fake]: b';
  const text = renderVerifyText(
    report([
      { code: 'set-id', severity: 'error', message, chain: ['x\ny', 'z', '\u0007'], isAllowed: false, isOfBase: false },
    ]),
  );
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  expect(text.split('\n').some((line) => line.startsWith('error[fake]'))).toBe(false);
});
