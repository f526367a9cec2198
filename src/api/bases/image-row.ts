import { isAbsolute, join } from 'node:path';
import type { BaseImage } from '../../base-image/base-image.ts';
import { isLayerKnown } from '../../base-image/layer-facts.ts';
import { readBaseImage } from '../../base-image/read-base.ts';
import type { Context } from '../../base/context.ts';
import { isTareError, type TareError } from '../../base/errors.ts';
import { parseImageConfig } from '../../oci/config.ts';
import { type Image, imageDigest } from '../../oci/image.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { BaseCandidate } from '../../plan/base-candidates.ts';
import type { BaseRow, BaseState } from '../../plan/bases-report.ts';
import { allowsPython, isFreeThreadedAbi } from '../../plan/python.ts';
import type { TagTarget } from '../../python/tags.ts';
import { readLayout } from '../../store/read-layout.ts';
import { baseCacheOf, openImageOf } from '../base/image.ts';
import { type PatientContext, withPatience } from './patience.ts';
import { fitOf, type Survey } from './survey.ts';

/** How long nothing may come from a registry. Milliseconds. */
const patienceMs = 10_000;
/** Layers of larger images are not looked into. Bytes, packed. */
const mostStreamed = 200_000_000;
/** Alpine has had it since 2021, and no file says it. */
const musl = { major: 1, minor: 2 } as const;

export interface ImageRow {
  readonly row: BaseRow;
  /** Where its layers are known. */
  readonly base?: BaseImage;
}

type ImageCandidate = Extract<BaseCandidate, { kind: 'image' }>;

/** An image beside other bases: its manifest and configuration, and its files where they are known or few enough to pass by once. */
export async function imageRow(survey: Survey, candidate: ImageCandidate, isQuick: boolean): Promise<ImageRow> {
  const patient = withPatience(survey.tools.context, patienceMs);
  try {
    const image = await openImage(survey, candidate, patient.context);
    return await compared(survey, candidate, image, isQuick, patient);
  } catch (error) {
    survey.tools.context.signal.throwIfAborted();
    return { row: { base: candidate.label, ...failureOf(error, patient) } };
  } finally {
    patient.close();
  }
}

function openImage(survey: Survey, { place }: ImageCandidate, context: Context): Promise<Image> {
  const { tools, wish, architecture } = survey;
  const folder = /^oci:(.+)$/.exec(place)?.[1];
  if (folder === undefined)
    return openImageOf(context, tools.cache, wish, place.replace(/^docker:\/\//, ''), architecture.platform);
  const dir = isAbsolute(folder) ? folder : join(wish.project, folder);
  return readLayout(dir, parsePlatform(architecture.platform));
}

async function compared(
  survey: Survey,
  { label }: ImageCandidate,
  image: Image,
  isQuick: boolean,
  patient: PatientContext,
): Promise<ImageRow> {
  const config = parseImageConfig(image.config, label);
  const packed = image.layers.reduce((total, { descriptor }) => total + descriptor.size, 0);
  const said = config.env.find(({ name }) => name === 'PYTHON_VERSION')?.value;
  const head = {
    base: label,
    state: 'compared' as const,
    digest: imageDigest(image),
    packed,
    ...(config.created === undefined ? {} : { created: config.created }),
  };
  const looked = await lookInside(survey, image, packed, isQuick, patient);
  if ('note' in looked) {
    return { row: { ...head, ...(said === undefined ? {} : { python: said }), note: looked.note } };
  }
  const { base } = looked;
  const wanted = survey.wish.python?.minor;
  const python = base.pythons.find((one) => one.version === wanted) ?? base.pythons[0];
  const fullVersion = python?.fullVersion ?? (said?.startsWith(`${python?.version}.`) === true ? said : undefined);
  const note = noteOf(base, python?.version, survey);
  return {
    base,
    row: {
      ...head,
      ...(python === undefined ? {} : { python: fullVersion ?? python.version }),
      os: base.osRelease?.prettyName ?? 'it does not say',
      libc: base.glibc === undefined ? base.libc : `glibc ${base.glibc}`,
      unpacked: base.unpackedSizes.reduce((total, size) => total + size, 0),
      ...(await fitOf(survey, targetOf(base, python, survey), fullVersion)),
      ...(note === undefined ? {} : { note }),
    },
  };
}

/** The files of the image, or why nobody looks at them. */
async function lookInside(
  { tools }: Survey,
  image: Image,
  packed: number,
  isQuick: boolean,
  { context, isOver }: PatientContext,
): Promise<{ readonly base: BaseImage } | { readonly note: string }> {
  const cache = baseCacheOf(tools.cache, false);
  const known = await Promise.all(image.layers.map((layer) => isLayerKnown(layer, cache)));
  if (!known.every(Boolean)) {
    if (isQuick) return { note: 'its layers were not looked into: leave out `--quick`' };
    if (packed > mostStreamed)
      return { note: 'its layers are not looked into, they are too large; a build on it reads them' };
  }
  try {
    return { base: await readBaseImage(image, cache, context) };
  } catch (error) {
    tools.context.signal.throwIfAborted();
    if (isOver()) return { note: `its layers stopped coming for ${patienceMs / 1000} s` };
    if (isTareError(error)) return { note: error.message };
    throw error;
  }
}

function targetOf(
  { libc, glibc }: BaseImage,
  python: BaseImage['pythons'][number] | undefined,
  { architecture }: Survey,
): TagTarget | undefined {
  if (python === undefined || (libc === 'glibc' && glibc === undefined) || libc === 'none') return undefined;
  const [major = 2, minor = 0] = (glibc ?? '2.17').split('.').map(Number);
  return {
    python: python.version,
    ...(isFreeThreadedAbi(python.abi) ? { freeThreaded: true } : {}),
    glibc: { major, minor },
    ...(libc === 'musl' ? { musl } : {}),
    architecture: architecture.machine,
  };
}

function noteOf(base: BaseImage, python: string | undefined, { wish }: Survey): string | undefined {
  if (base.libc === 'musl') return 'tare does not build on musl';
  if (python === undefined) return 'has no Python';
  const wanted = wish.python;
  if (wanted === undefined || allowsPython(wanted, python, wanted.isFreeThreaded === true)) return undefined;
  return `has Python ${python}, and the project wants ${wanted.minor ?? wanted.specifiers}`;
}

/** What stands in the table in place of what a registry would have said. */
function failureOf(error: unknown, { isOver }: PatientContext): { readonly state: BaseState; readonly note: string } {
  if (isOver()) return { state: 'unreachable', note: `did not answer within ${patienceMs / 1000} s` };
  if (!isTareError(error)) throw error;
  switch (error.code) {
    case 'REGISTRY_UNREACHABLE':
    case 'REGISTRY_UNTRUSTED':
    case 'HTTP_FAILED':
      return {
        state: 'unreachable',
        note: `cannot be reached: ${error.message.replace(/^.*cannot be reached: /, '')}`,
      };
    case 'REGISTRY_LOGIN_REQUIRED':
    case 'REGISTRY_LOGIN_REFUSED':
    case 'REGISTRY_DENIED':
      return { state: 'login', note: `wants a login: ${loginOf(error)}` };
    case 'IMAGE_NOT_FOUND':
      return { state: 'missing', note: 'not there' };
    case 'PLATFORM_MISSING':
      return { state: 'missing', note: `not there for ${error.expected ?? 'the platform'}` };
    case 'OFFLINE_MISSING':
      return { state: 'unreachable', note: 'not asked: --offline' };
    default:
      return { state: 'failed', note: error.message };
  }
}

function loginOf({ hint = '' }: TareError): string {
  return /`(tare login [^`]+)`/.exec(hint)?.[1] ?? 'tare login';
}
