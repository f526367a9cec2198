import { programPackages } from './program-packages.data.ts';

/** The Debian package that gives a command where the Contents indexes do not tell; undefined where they do. */
export function packageOfProgram(name: string): string | undefined {
  return programPackages.get(name)?.package;
}
