import type { Finding } from '../finding.ts';
import type { InspectedImage } from '../inspected-image.ts';
import { areasOf } from '../areas.ts';

/** Files that begin as ELF files and cannot be read as such: cut off, or damaged. An error where Python would load them. */
export function checkElfFiles(image: InspectedImage): readonly Finding[] {
  const areaOf = areasOf(image);
  return image.tree.entries().flatMap(({ path, type, elfProblem }): Finding[] => {
    if (elfProblem === undefined || type !== 'file') return [];
    const isLoaded = areaOf(path) === 'application' && /\.so(?:\.[\d.]+)?$/.test(path);
    return [
      {
        code: 'elf-unreadable',
        severity: isLoaded ? 'error' : 'warning',
        message: `\`/${path}\` cannot be loaded: ${elfProblem}`,
        path: `/${path}`,
        hint: 'install it again from an undamaged wheel or package',
      },
    ];
  });
}
