/** Debian's names for the library folders of its architectures ("Multiarch tuples"). */
export const multiarchNames: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x86_64-linux-gnu'],
  ['arm64', 'aarch64-linux-gnu'],
  ['armhf', 'arm-linux-gnueabihf'],
  ['i386', 'i386-linux-gnu'],
  ['ppc64el', 'powerpc64le-linux-gnu'],
  ['riscv64', 'riscv64-linux-gnu'],
  ['s390x', 's390x-linux-gnu'],
]);

/** What ELF files for one of Debian's architectures say that they are for, as in `ElfFacts`. */
export function elfMachine(architecture: string): string {
  return architecture === 'armhf' ? 'arm' : architecture;
}

/** Debian's name for the library folder of objects for a machine, as in `ElfFacts`. */
export function multiarchOfMachine(machine: string): string {
  return multiarchNames.get(machine === 'arm' ? 'armhf' : machine) ?? `${machine}-linux-gnu`;
}

/** Folders that glibc has built in (ld.so(8)), after those of its configuration. */
export function builtInFolders(architecture: string): readonly string[] {
  const name = multiarchNames.get(architecture);
  const own = name === undefined ? [] : [`lib/${name}`, `usr/lib/${name}`];
  return [...own, 'lib', 'usr/lib', 'lib64', 'usr/lib64'];
}
