import { driverFamilies, driverLibraries } from './host-libraries.data.ts';

/** Whether a library comes from the host whenever the container runs there: the user's part of a kernel's driver. */
export function isHostLibrary(soname: string): boolean {
  const end = soname.indexOf('.so');
  if (end < 0) return false;
  const stem = soname.slice(0, end);
  return driverLibraries.has(stem) || driverFamilies.some((family) => stem.startsWith(family));
}
