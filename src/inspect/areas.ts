import type { InspectedImage } from './inspected-image.ts';

/** Whose a file is: of the application and its Python packages, or of the system below, which others made. */
export type Area = 'application' | 'system';

/** A function of paths as in `FileFacts`. */
export function areasOf(image: InspectedImage): (path: string) => Area {
  const folders = new Set(image.applicationFolders.filter((folder) => folder !== ''));
  for (const python of image.pythons) {
    for (const folder of python.siteFolders) if (folder !== 'usr/lib/python3/dist-packages') folders.add(folder);
    if (python.prefix !== 'usr' && python.prefix !== '') folders.add(`${python.prefix}/bin`);
  }
  const prefixes = [...folders].map((folder) => `${folder}/`);
  return (path) => (prefixes.some((prefix) => path.startsWith(prefix)) ? 'application' : 'system');
}
