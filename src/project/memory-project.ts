import { sortedBy } from '../base/order.ts';
import type { Project } from './project.ts';
import { parseTomlDocument } from './toml-document.ts';

/** A project whose files are held in memory: for callers that have a folder's content but no folder. */
export function makeMemoryProject(files: Readonly<Record<string, string>>, root = '/memory/project'): Project {
  const readText = async (path: string): Promise<string | undefined> =>
    Object.hasOwn(files, path) ? files[path] : undefined;
  return {
    root,
    files: sortedBy(Object.entries(files), ([path]) => path).map(([path, text]) => ({
      path,
      type: 'file',
      mode: 0o644,
      size: Buffer.byteLength(text),
    })),
    leftOut: [],
    warnings: [],
    readText,
    readToml: async (path) => {
      const text = await readText(path);
      return text === undefined ? undefined : parseTomlDocument(text, path);
    },
  };
}
