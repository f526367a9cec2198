import type { Because } from '../../base/because.ts';
import type { Context } from '../../base/context.ts';
import { glibcOf, standaloneSuite } from '../../debian/core-set.ts';
import type { DebianMirrorConfig } from '../../debian/mirror.ts';
import type { DebPackage } from '../../debian/package.ts';
import type { IndexState } from '../../lock/types.ts';
import { allowsPython } from '../../plan/python.ts';
import type { Architecture } from '../../plan/target.ts';
import type { PlannedPython, StandaloneBase } from '../../plan/types.ts';
import type { PythonFact } from '../../project/facts.ts';
import { archiveMismatch } from '../../python-archive/archive-error.ts';
import { archivePrefix } from '../../python-archive/compose-archive.ts';
import type { FoundArchive } from '../../python-archive/find-archive.ts';
import type { ArchiveFacts } from '../../python-archive/inspect-archive.ts';
import { elfMachine } from '../../root/multiarch.ts';
import type { Cache } from '../../store/cache.ts';
import { resolveDebian } from '../indexes/debian.ts';
import { pinsOf } from '../lock/pins.ts';
import type { ConfiguredPlace } from './archive-place.ts';
import { plannedPackages, resolveCoreSet, venvPrefix } from './core-set.ts';
import { archiveFactsOf, rememberedArchive } from './python-archive.ts';
import type { BaseWish } from './resolution.ts';

export interface ResolvedStandalone {
  readonly base: StandaloneBase;
  readonly python: PlannedPython;
  readonly debs: readonly DebPackage[];
  readonly debian: DebianMirrorConfig;
  readonly index?: IndexState;
  readonly archive: { readonly url: string; readonly needsLibrary: boolean };
}

/** The composed Debian without Python, and the archive's Python on it. */
export async function resolveStandalone(
  context: Context,
  cache: Cache,
  wish: BaseWish,
  architecture: Architecture,
  configured: ConfiguredPlace,
): Promise<ResolvedStandalone> {
  const found = await rememberedArchive(context, cache, wish, architecture, configured.place);
  const facts = await archiveFactsOf(context, cache, found);
  assertWanted(found, facts, wish.python, architecture);
  const debian = await resolveDebian(context, wish.config, wish.project, standaloneSuite, architecture.debian);
  const core = { suite: standaloneSuite, python: undefined, ...pinsOf(wish, architecture) };
  const { debs, index } = await resolveCoreSet(context, cache, debian, core, architecture);
  const { filename, sha256, url, hashRule } = found;
  const { needsLibrary } = facts;
  return {
    debs,
    debian,
    index,
    archive: { url, needsLibrary },
    base: {
      provider: 'standalone',
      suite: standaloneSuite,
      architecture: architecture.debian,
      glibc: glibcOf(debs),
      packages: plannedPackages(debs),
      archive: {
        filename,
        sha256,
        because: { ...configured.because, rule: `${configured.because.rule}; ${hashRule}` },
      },
      because: { rule: 'the newest Debian suite, without its Python' },
    },
    python: archivePython(facts, { ...wish.python?.because, rule: `${saidOf(wish.python)}; \`${filename}\` has it` }),
  };
}

export function archivePython(facts: ArchiveFacts, because: Because): PlannedPython {
  const { python, fullVersion, isFreeThreaded } = facts;
  return {
    version: python,
    ...(fullVersion === undefined ? {} : { fullVersion }),
    abi: `cp${python.replace('.', '')}${isFreeThreaded ? 't' : ''}`,
    interpreter: `${archivePrefix}/${facts.interpreter}`,
    prefix: venvPrefix,
    because,
  };
}

function saidOf(wanted: PythonFact | undefined): string {
  if (wanted === undefined) return 'the project does not say which';
  return wanted.minor === undefined ? `\`${wanted.specifiers}\` allows it` : 'the project names it';
}

/** Throws `PYTHON_ARCHIVE_MISMATCH`. */
function assertWanted(
  { filename }: FoundArchive,
  facts: ArchiveFacts,
  wanted: PythonFact | undefined,
  architecture: Architecture,
): void {
  const { python, isFreeThreaded, machine, libc } = facts;
  const actual = `Python ${python}${isFreeThreaded ? 't' : ''} for ${machine}${libc === 'glibc' ? '' : `, ${libc === 'musl' ? 'musl' : 'without a loader'}`}`;
  if (machine !== elfMachine(architecture.debian)) {
    const hint = `name an archive for ${architecture.machine}: in an address, \`{arch}\` stands for it`;
    throw archiveMismatch(filename, `a Python for ${architecture.debian} (${architecture.machine})`, actual, hint);
  }
  if (libc !== 'glibc') {
    const hint = `take the archive for ${architecture.machine}-unknown-linux-gnu`;
    throw archiveMismatch(filename, 'a Python for glibc, which the base has', actual, hint);
  }
  if (wanted === undefined || allowsPython(wanted, python, isFreeThreaded)) return;
  const wish = `${wanted.minor ?? wanted.specifiers}${wanted.isFreeThreaded === true ? 't' : ''}`;
  const hint = 'name an archive of that Python, or a folder or address that has several';
  throw archiveMismatch(filename, `a Python that the project allows: ${wish}`, actual, hint);
}
