import { isTareError } from '../../base/errors.ts';
import { type EntryPoint, parseEntryPoints } from '../../python/entry-points.ts';
import type { Finding } from '../finding.ts';
import type { InspectedImage } from '../inspected-image.ts';
import { findModule } from '../modules.ts';
import type { ImagePython } from '../pythons.ts';

/** Whether the modules that entry points name are there: those of commands as errors, those of plug-ins as warnings. */
export function checkEntryPoints(image: InspectedImage): readonly Finding[] {
  const findings: Finding[] = [];
  for (const python of image.pythons) {
    const folders = [...python.siteFolders, ...image.applicationFolders, ...python.standardFolders];
    const sites = new Set(python.siteFolders.map((site) => image.tree.resolve(site)?.path ?? site));
    for (const { name, folder, site } of image.distributions.all) {
      if (!sites.has(site)) continue;
      const path = `${folder}/entry_points.txt`;
      const text = image.textOf(path);
      if (text === undefined) continue;
      const entryPoints = parsed(text, path);
      if ('finding' in entryPoints) findings.push(entryPoints.finding);
      else findings.push(...findingsOf(image, python, folders, name, path, entryPoints.all));
    }
  }
  return distinct(findings);
}

function parsed(text: string, path: string): { readonly all: readonly EntryPoint[] } | { readonly finding: Finding } {
  try {
    return { all: parseEntryPoints(text, `/${path}`) };
  } catch (error) {
    if (!isTareError(error)) throw error;
    return {
      finding: { code: 'entry-point-invalid', severity: 'warning', message: error.message, path: `/${path}` },
    };
  }
}

function findingsOf(
  image: InspectedImage,
  python: ImagePython,
  folders: readonly string[],
  distribution: string,
  path: string,
  entryPoints: readonly EntryPoint[],
): Finding[] {
  return entryPoints.flatMap(({ group, name, value, reference }): Finding[] => {
    if (reference === undefined) return [];
    const search = findModule(image.tree, folders, reference.module, python.version);
    if (search.found) return [];
    const isCommand = group === 'console_scripts' || group === 'gui_scripts';
    const hasScript = isCommand && image.tree.resolve(`${python.prefix}/bin/${name}`) !== undefined;
    return [
      {
        code: 'entry-point-missing',
        severity: hasScript && !python.hasImportHooks ? 'error' : 'warning',
        message: `${isCommand ? `the command \`${name}\`` : `the entry point \`${name}\` (${group})`} of \`${distribution}\` needs the module \`${search.missing}\`, which is not in the image`,
        path: `/${path}`,
        chain: [distribution, `${name} = ${value}`, search.missing],
      },
    ];
  });
}

/** Two Pythons may share a folder. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}
