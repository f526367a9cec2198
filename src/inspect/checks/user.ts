import type { Finding } from '../finding.ts';
import { type InspectedImage, withoutSlashes } from '../inspected-image.ts';
import { mayAccess } from '../users.ts';

/** Whether the user of the image is known, and may write where applications must: home and `/tmp`. */
export function checkUser(image: InspectedImage): readonly Finding[] {
  return [...userFindings(image), ...homeFindings(image), ...temporaryFindings(image), ...workdirFindings(image)];
}

function userFindings({ user }: InspectedImage): readonly Finding[] {
  const findings: Finding[] = [];
  if (user.uid === 0) {
    findings.push({
      code: 'user-is-root',
      severity: 'warning',
      message: 'the image runs as root',
      hint: 'set another user in its configuration',
    });
  }
  if (user.uid === undefined) {
    findings.push({
      code: 'user-unknown',
      severity: 'error',
      message: `the image runs as \`${user.text}\`, whom its \`/etc/passwd\` does not know: no engine starts it`,
      path: '/etc/passwd',
    });
  } else if (!user.isKnown && user.uid !== 0) {
    findings.push({
      code: 'user-unknown',
      severity: 'warning',
      message: `the image runs as user ${user.uid}, whom its \`/etc/passwd\` does not know: \`getpass.getuser()\` and \`~\` fail`,
      path: '/etc/passwd',
    });
  }
  return findings;
}

function homeFindings(image: InspectedImage): readonly Finding[] {
  const { home, text } = image.user;
  const isThere = image.tree.resolve(home)?.facts.type === 'directory';
  if (isThere && isWritable(image, home)) return [];
  const problem = isThere ? `which \`${text}\` may not write` : 'which is not in the image';
  return [
    {
      code: 'home-unwritable',
      severity: 'warning',
      message: `the home of the user is \`${home}\`, ${problem}: libraries that keep files there fail`,
      path: home,
      hint: 'set HOME to a folder that the user owns',
    },
  ];
}

function temporaryFindings(image: InspectedImage): readonly Finding[] {
  if (image.tree.resolve('tmp')?.facts.type === 'directory' && isWritable(image, '/tmp')) return [];
  return [
    {
      code: 'tmp-unwritable',
      severity: 'error',
      message: `\`/tmp\` is not a folder that \`${image.user.text}\` may write`,
      path: '/tmp',
      hint: 'have `/tmp` with mode 1777 in the image',
    },
  ];
}

function workdirFindings(image: InspectedImage): readonly Finding[] {
  const { workdir } = image.config;
  if (workdir === '' || image.tree.resolve(workdir)?.facts.type === 'directory') return [];
  return [
    {
      code: 'workdir-missing',
      severity: 'error',
      message: `the working folder \`${workdir}\` is not in the image`,
      path: workdir,
    },
  ];
}

/** A folder in which a file can be made: written to, searched, and every folder above it searched. */
function isWritable({ tree, user }: InspectedImage, folder: string): boolean {
  const real = tree.resolve(folder);
  if (real === undefined || !mayAccess(real.facts, user, 3)) return false;
  const parts = withoutSlashes(real.path).split('/');
  return parts.slice(0, -1).every((_, index) => {
    const above = tree.resolve(parts.slice(0, index + 1).join('/'));
    return above === undefined || mayAccess(above.facts, user, 1);
  });
}
