import { bytecodeLabel } from '../../bytecode/label.ts';
import type { FileFacts } from '../../root/file-facts.ts';
import { bytecodeMagicOf, pythonOfMagic } from '../bytecode-magic.ts';
import type { Finding } from '../finding.ts';
import type { InspectedImage } from '../inspected-image.ts';

/**
 * Whether bytecode is that of the Python that reads it (PEP 3147; PEP 552): without its source a wrong one fails at import, beside
 * its source it is compiled again at every start.
 */
export function checkBytecode(image: InspectedImage): readonly Finding[] {
  const [main] = image.pythons;
  if (main === undefined) return [];
  const folders = [
    ...image.pythons.flatMap((python) => [...python.siteFolders, ...python.standardFolders]),
    ...image.applicationFolders,
  ].map((folder) => `${folder}/`);
  return [...checkLabel(image, main.version), ...checkFiles(image, main.version, folders)];
}

/** Whether the interpreter is still the one that the image was compiled for: a base that changed below it has another. */
function checkLabel({ config }: InspectedImage, version: string): readonly Finding[] {
  const label = config.labels[bytecodeLabel];
  const expected = bytecodeMagicOf(version);
  if (label === undefined || expected === undefined || label === String(expected)) return [];
  const of = pythonOfMagic(Number(label));
  return [
    {
      code: 'bytecode-wrong',
      severity: 'error',
      message: `the image was compiled for ${of === undefined ? `magic number ${label}` : `Python ${of}`}, and its interpreter is Python ${version}`,
      hint: 'build it again on the base that it is to run on',
    },
  ];
}

function checkFiles(image: InspectedImage, main: string, folders: readonly string[]): readonly Finding[] {
  const versions = new Set(image.pythons.map((python) => python.version));
  return image.tree.entries().flatMap((file): Finding[] => {
    const { path, bytecodeMagic } = file;
    if (!path.endsWith('.pyc') || file.type !== 'file') return [];
    if (!folders.some((folder) => path.startsWith(folder))) return [];
    const version = versionFor(path, versions, main);
    const expected = version === undefined ? undefined : bytecodeMagicOf(version);
    if (version === undefined || expected === undefined || bytecodeMagic === expected) return [];
    const isCached = path.includes('/__pycache__/');
    if (!isCached && image.tree.resolve(`${path.slice(0, -1)}`) !== undefined) return [];
    return [wrong(file, version, isCached)];
  });
}

/** By the tag in its name, the folder that it is in, else the main Python; undefined for one that no Python of the image reads. */
function versionFor(path: string, versions: ReadonlySet<string>, main: string): string | undefined {
  if (path.includes('/__pycache__/')) {
    const [, minor] = /\.cpython-3(\d{1,2})(?:\.opt-\d)?\.pyc$/.exec(path) ?? [];
    return minor !== undefined && versions.has(`3.${minor}`) ? `3.${minor}` : undefined;
  }
  const [, folder] = /(?:^|\/)python(3\.\d{1,2})\//.exec(path) ?? [];
  if (folder === undefined) return main;
  return versions.has(folder) ? folder : undefined;
}

function wrong({ path, bytecodeMagic }: FileFacts, version: string, isCached: boolean): Finding {
  const of = bytecodeMagic === undefined ? undefined : pythonOfMagic(bytecodeMagic);
  const actual = of === undefined ? 'no Python that is known' : `Python ${of}`;
  return {
    code: isCached ? 'bytecode-stale' : 'bytecode-wrong',
    severity: isCached ? 'warning' : 'error',
    message: `\`/${path}\` is bytecode for ${actual}, and the image has Python ${version}`,
    path: `/${path}`,
    hint: `compile it with Python ${version}, or put its source there`,
  };
}
