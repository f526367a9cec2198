import { areasOf } from '../areas.ts';
import type { Finding } from '../finding.ts';
import type { InspectedImage } from '../inspected-image.ts';
import { findProgram, programFolders } from '../programs.ts';

/** Linux before 5.1 reads 127 bytes of a first line with `#!`, since then 255 (`BINPRM_BUF_SIZE`). */
const shortLine = 127;

/** Whether the interpreter of every script that is meant to be run is there. */
export function checkScripts(image: InspectedImage): readonly Finding[] {
  const areaOf = areasOf(image);
  const folders = new Set([
    ...programFolders(image.env),
    ...image.pythons.map((python) => `${python.prefix}/bin`.replace(/^\//, '')),
  ]);
  const started = findProgram(image.tree, image.env, image.workdir, image.config.command[0] ?? '')?.path;
  return image.tree.entries().flatMap((file): Finding[] => {
    const { path, type, mode, shebang } = file;
    if (type !== 'file' || shebang === undefined || (mode & 0o111) === 0) return [];
    const isCommand = folders.has(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    // What a distribution keeps beside its modules is run by hand if at all.
    if (!isCommand && (areaOf(path) !== 'application' || /\/(?:site|dist)-packages\//.test(path))) return [];
    const problem = problemOf(image, shebang);
    if (problem !== undefined) {
      const isNeeded = path === started || (isCommand && areaOf(path) === 'application' && !problem.isForeign);
      const severity = isNeeded ? 'error' : 'warning';
      return [
        {
          code: 'shebang-missing',
          severity,
          message: `\`/${path}\` cannot be run: ${problem.reason}`,
          path: `/${path}`,
          chain: [`/${path}`, problem.interpreter],
          ...(problem.isForeign ? { hint: 'if it is to be run, name the Debian package of its interpreter' } : {}),
        },
      ];
    }
    if (Buffer.byteLength(shebang) + 3 <= shortLine) return [];
    return [
      {
        code: 'shebang-long',
        severity: 'warning',
        message: `the first line of \`/${path}\` is longer than ${shortLine} bytes, which older kernels cut off`,
        path: `/${path}`,
        hint: 'install into a folder with a shorter path',
      },
    ];
  });
}

interface Problem {
  readonly interpreter: string;
  readonly reason: string;
  /** A program of the system other than Python: wheels bring helpers for a shell or Perl, which few ever run. */
  readonly isForeign: boolean;
}

function problemOf(image: InspectedImage, shebang: string): Problem | undefined {
  const [interpreter = '', ...words] = shebang.split(/[ \t]+/);
  const isForeign = /^(?:\/usr)?(?:\/local)?\/s?bin\/(?!env$|python|pypy)[^/]+$/.test(interpreter);
  const problem = (reason: string): Problem => ({ interpreter, isForeign, reason });
  if (!interpreter.startsWith('/')) return problem(`its interpreter \`${interpreter}\` is no absolute path`);
  const at = image.tree.resolve(interpreter);
  if (at === undefined) return problem(`its interpreter \`${interpreter}\` is not in the image`);
  if (at.facts.type !== 'file' || (at.facts.mode & 0o111) === 0) {
    return problem(`its interpreter \`${interpreter}\` is not executable`);
  }
  if (!interpreter.endsWith('/env')) return undefined;
  const name = words.find((word) => !word.startsWith('-') && !word.includes('='));
  if (name === undefined || findProgram(image.tree, image.env, '', name) !== undefined) return undefined;
  const reason = `\`${name}\` is not on the PATH of the image`;
  return { interpreter: name, isForeign: !/^(?:python|pypy)/.test(name), reason };
}
