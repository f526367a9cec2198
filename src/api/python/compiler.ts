import type { Because } from '../../base/because.ts';
import { isTareError, TareError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/order.ts';
import type { CompilerChoice, TargetInputs } from '../../build/inputs.ts';
import { buildBaseLayers } from '../../build/steps/base-layers.ts';
import type { TargetCompiler } from '../../build/target-compiler.ts';
import type { BuildTools } from '../../build/tools.ts';
import { readBytecodeFormat } from '../../bytecode/compile-process.ts';
import type { BytecodeFormat, Compiler } from '../../bytecode/compiler.ts';
import { listInterpreters } from '../../engine/interpreter.ts';
import { findRootInterpreter } from '../../engine/root-interpreter.ts';
import { hostPlatform, renderPlatform } from '../../oci/platform.ts';
import { type Architecture, parseArchitecture } from '../../plan/target.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import { unpackBase } from '../base/unpacked.ts';

/** What a target's bytecode is to be made for. */
export interface CompilerWish {
  readonly base: ResolvedBase;
  readonly architecture: Architecture;
  readonly inputs: Pick<TargetInputs, 'debs' | 'debian' | 'baseImage' | 'archive'>;
  /** The same base for another architecture, and what building it takes. */
  readonly twin: (architecture: Architecture) => Promise<Pick<CompilerWish, 'base' | 'inputs'>>;
}

/** The compiler, or why there is none. */
export type FoundCompiler =
  | { readonly compiler: TargetCompiler; readonly because: Because }
  | { readonly missing: string };

export interface ChosenCompiler {
  readonly isKnown: boolean;
  readonly found: Promise<FoundCompiler>;
}

/** Raised whenever another interpreter may be chosen for the same base. */
const compilerVersion = 1;

type Origin = 'own' | 'twin' | 'host';

interface Candidate {
  readonly origin: Origin;
  readonly prepare: () => Promise<Omit<Compiler, 'version'>>;
}

const reasons = {
  own: 'the CPython of the base, started through its own loader',
  twin: 'the CPython of the same base for this machine: bytecode does not depend on the processor',
  host: 'a CPython of this machine, of the very version that the base has',
} as const satisfies Record<Origin, string>;

/**
 * The CPython of exactly the version that the base has, as its bytes differ from one patch version to the next: the base's own, for
 * another architecture its twin for this one, else one of this machine. Which one could be started is remembered.
 */
export async function chooseCompiler(tools: BuildTools, wish: CompilerWish): Promise<ChosenCompiler> {
  const { context, cache } = tools;
  const candidates = candidatesFor(tools, wish);
  const { interpreter, fullVersion } = wish.base.python;
  const python = { interpreter, fullVersion };
  const key = canonicalJson({ compilerVersion, host: context.host, base: stateOf(wish.base), python });
  const known = context.refresh ? undefined : await cache.readRecord('compiler', key);
  if (isRemembered(known)) {
    const candidate = candidates.find((one) => one.origin === known.origin);
    if (candidate !== undefined) return { isKnown: true, found: Promise.resolve(found(candidate, known)) };
  }
  const search = firstThatStarts(tools, wish.base.python.fullVersion, candidates).then(async (first) => {
    if ('missing' in first) return first;
    await cache.writeRecord('compiler', key, { ...first.format, origin: first.candidate.origin });
    return found(first.candidate, first.format);
  });
  // Whoever waits for it gets the error.
  search.catch(() => undefined);
  return { isKnown: false, found: search };
}

export function compilerOf({ isKnown, found: search }: ChosenCompiler): CompilerChoice {
  const ready = search.then((one) => ('compiler' in one ? one.compiler : undefined));
  ready.catch(() => undefined);
  return { isKnown, ready };
}

function found({ origin, prepare }: Candidate, { version, magic, cacheTag }: BytecodeFormat): FoundCompiler {
  let started: Promise<Compiler> | undefined;
  const start = (): Promise<Compiler> =>
    (started ??= prepare().then(
      (ready) => ({ ...ready, version }),
      (error: unknown) => {
        throw isTareError(error) && cannotStart.has(error.code) ? noLonger(error) : error;
      },
    ));
  return { compiler: { version, magic, cacheTag, start }, because: { rule: reasons[origin] } };
}

/** One that could be started before. */
function noLonger(cause: TareError): TareError {
  return new TareError({
    code: 'COMPILER_FAILED',
    message: `the Python that compiled for this base before cannot be started any more: ${cause.message}`,
    hint: 'look for another with `--refresh`, or build with `--bytecode none`',
    cause,
  });
}

function isRemembered(value: unknown): value is BytecodeFormat & { readonly origin: Origin } {
  return typeof value === 'object' && value !== null && 'origin' in value && 'magic' in value && 'cacheTag' in value;
}

function stateOf({ base }: ResolvedBase): unknown {
  if (base.provider === 'image') return base.digest;
  return [base.packages.map((one) => one.sha256), base.provider === 'standalone' ? base.archive.sha256 : ''];
}

function candidatesFor(tools: BuildTools, wish: CompilerWish): readonly Candidate[] {
  const { host } = tools.context;
  const { fullVersion } = wish.base.python;
  const ofHost: Candidate = { origin: 'host', prepare: () => hostPython(tools, fullVersion) };
  if (host.platform !== 'linux') return [ofHost];
  const here = renderPlatform(hostPlatform(host));
  if (here === wish.architecture.platform) {
    return [{ origin: 'own', prepare: () => basePython(tools, wish, wish.architecture) }, ofHost];
  }
  const twin = async () => {
    const architecture = parseArchitecture(here);
    return basePython(tools, await wish.twin(architecture), architecture);
  };
  return [{ origin: 'twin', prepare: twin }, ofHost];
}

type First = { readonly candidate: Candidate; readonly format: BytecodeFormat } | { readonly missing: string };

async function firstThatStarts(
  { context }: BuildTools,
  wanted: string | undefined,
  candidates: readonly Candidate[],
): Promise<First> {
  const problems: string[] = [];
  for (const candidate of candidates) {
    try {
      const format = await readBytecodeFormat(await candidate.prepare(), { signal: context.signal });
      if (format.version === wanted || (wanted === undefined && candidate.origin === 'own'))
        return { candidate, format };
      problems.push(`${names[candidate.origin]} is ${format.version}`);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!isTareError(error) || (candidate.origin === 'own' && !cannotStart.has(error.code))) throw error;
      problems.push(`${names[candidate.origin]}: ${error.message}`);
    }
  }
  return { missing: problems.join('; ') };
}

const cannotStart = new Set(['COMPILER_FAILED', 'INTERPRETER_MISSING', 'PROGRAM_NOT_STARTED', 'COMPILER_MISSING']);
const names = {
  own: 'that of the base',
  twin: 'that of the same base for this machine',
  host: 'this machine',
} as const satisfies Record<Origin, string>;

async function basePython(
  tools: BuildTools,
  { base, inputs }: Pick<CompilerWish, 'base' | 'inputs'>,
  architecture: Architecture,
): Promise<Omit<Compiler, 'version'>> {
  const layers = await buildBaseLayers(tools, base, inputs);
  const { root } = await unpackBase(tools, layers, architecture.platform);
  const { loader, python, libraries, home } = await findRootInterpreter({
    root,
    architecture: architecture.debian,
    interpreter: base.python.interpreter,
    ...('image' in base ? { loaderFolders: base.image.loaderFolders } : {}),
  });
  return {
    command: [loader, '--library-path', libraries, python],
    env: { ...environment, PYTHONHOME: home },
    cwd: root,
  };
}

/** The order of sets of constants follows the hashes of texts up to CPython 3.10. */
const environment = { PYTHONHASHSEED: '0', LC_ALL: 'C.UTF-8' };

async function hostPython(
  { context }: BuildTools,
  fullVersion: string | undefined,
): Promise<Omit<Compiler, 'version'>> {
  for await (const { path, version } of listInterpreters(context)) {
    if (`${version.major}.${version.minor}.${version.patch}` !== fullVersion) continue;
    const windows = context.host.platform === 'win32' ? { SYSTEMROOT: context.env['SYSTEMROOT'] ?? '' } : {};
    return { command: [path], env: { ...environment, ...windows }, cwd: context.home };
  }
  throw new TareError({
    code: 'COMPILER_MISSING',
    message: `it has no CPython ${fullVersion ?? 'of a version that is known'}`,
    hint: 'install it, or build with `--bytecode none`',
  });
}
