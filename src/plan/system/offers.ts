import { renderBytes } from '../../base/size-text.ts';
import type { NativeCall } from '../../project/detect/native-calls.ts';
import type { RootTree } from '../../root/tree.ts';
import { lighterAdvice, renderLighterAdvice } from '../knowledge/lighter.ts';
import { packageOfProgram } from '../knowledge/program-packages.ts';
import { sonamesOf } from '../knowledge/short-names.ts';
import type { PlanWarning } from '../types.ts';
import type { AddedPackage, SystemCatalogue } from './types.ts';

/** What the application loads or runs by name and the image does not have: told with its line, never added by itself. */
export async function offerCalls(
  calls: readonly NativeCall[],
  tree: RootTree,
  folders: { readonly libraries: readonly string[]; readonly programs: readonly string[] },
  catalogue: SystemCatalogue | undefined,
): Promise<readonly PlanWarning[]> {
  const warnings: PlanWarning[] = [];
  for (const call of calls) {
    const { kind, because } = call;
    const names = namesOf(call);
    const places = kind === 'library' ? folders.libraries : folders.programs;
    const isThere = names.some((name) =>
      name.includes('/')
        ? tree.resolve(name) !== undefined
        : places.some((folder) => tree.resolve(`${folder}/${name}`) !== undefined),
    );
    if (isThere) continue;
    const found = await packageOf(kind, names, catalogue);
    const line = [because.file, because.line].filter((part) => part !== undefined).join(':');
    warnings.push({
      code: 'NATIVE_CALL',
      message: `${line} ${kind === 'library' ? 'loads the library' : 'runs the program'} \`${call.name}\`, which is not in the image`,
      hint:
        found === undefined
          ? 'if that line ever runs, name the Debian package that has it in `system-packages`'
          : `if that line ever runs: \`system-packages = ["${found}"]\``,
    });
  }
  return warnings;
}

function namesOf({ name, isShort, kind }: NativeCall): readonly string[] {
  if (kind === 'program' || isShort !== true) return [name];
  const known = sonamesOf(name);
  return known.length > 0 ? known : [`lib${name}.so`];
}

async function packageOf(
  kind: NativeCall['kind'],
  names: readonly string[],
  catalogue: SystemCatalogue | undefined,
): Promise<string | undefined> {
  for (const full of names) {
    const name = full.slice(full.lastIndexOf('/') + 1);
    const known = kind === 'program' ? packageOfProgram(name) : undefined;
    if (known !== undefined || catalogue === undefined) return known;
    const found = await (kind === 'library' ? catalogue.librariesNamed(name) : catalogue.programsNamed(name));
    const first = found.find((one) => catalogue.index.find(one) !== undefined);
    if (first !== undefined) return first;
  }
  return undefined;
}

/** Advice about distributions that do the same with less; `without` gives the packages that would be left. */
export async function offerLighter(
  chosen: readonly { readonly name: string; readonly requiredBy: readonly string[] }[],
  added: readonly AddedPackage[],
  without: (distribution: string) => Promise<readonly AddedPackage[]>,
): Promise<readonly PlanWarning[]> {
  const warnings: PlanWarning[] = [];
  for (const advice of lighterAdvice(chosen)) {
    const left = new Set((await without(advice.distribution)).map((one) => one.deb.name));
    const saved = added.filter((one) => !left.has(one.deb.name));
    if (saved.length === 0) continue;
    const packed = saved.reduce((sum, one) => sum + one.deb.size, 0);
    const unpacked = saved.reduce((sum, one) => sum + one.files.reduce((size, file) => size + file.size, 0), 0);
    const bytes = `${renderBytes(packed)} (${renderBytes(unpacked)} unpacked) of system libraries`;
    const { requiredBy, instead } = advice;
    warnings.push({
      code: 'LIGHTER',
      message: renderLighterAdvice(advice, bytes),
      hint:
        requiredBy.length === 0
          ? `require \`${instead}\` in its place and lock again`
          : `${requiredBy.map((one) => `\`${one}\``).join(', ')} requires it by name: override it in the lock, for uv with \`override-dependencies\``,
    });
  }
  return warnings;
}
