import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { BaseImage } from '../../base-image/base-image.ts';
import type { Because } from '../../base/because.ts';
import type { Context } from '../../base/context.ts';
import { systemErrorCode, TareError } from '../../base/errors.ts';
import { sortedBy } from '../../base/order.ts';
import type { TargetInputs } from '../../build/inputs.ts';
import type { ResolvedConfig } from '../../config/resolve.ts';
import { busyboxPackage } from '../../debian/busybox.ts';
import { standaloneSuite } from '../../debian/core-set.ts';
import { openSuite } from '../../debian/mirror.ts';
import type { DebPackage } from '../../debian/package.ts';
import { lockFile } from '../../lock/types.ts';
import {
  bundlePlaces,
  type Certificate,
  parseCertificates,
  usualBundle,
  warnOfCertificates,
} from '../../plan/certificates.ts';
import type { PlannedCertificates, PlannedDebug, PlanWarning } from '../../plan/types.ts';
import { plannedPackages } from '../base/core-set.ts';
import type { ResolvedBase } from '../base/resolution.ts';
import { nameDebian, openBaseSuite, resolveDebian } from '../indexes/debian.ts';

export interface ChosenCertificates {
  readonly planned: PlannedCertificates;
  readonly certificates: readonly Certificate[];
  readonly warnings: readonly PlanWarning[];
}

/** The certificates that the image trusts beside what its base does. Throws `CERTIFICATE_MISSING` and what parsing throws. */
export async function resolveCertificates(
  context: Context,
  { caCertificates, systemPackages, origins }: ResolvedConfig,
  project: string,
  base: ResolvedBase,
): Promise<ChosenCertificates | undefined> {
  if (caCertificates.length === 0) return undefined;
  const because = origins.caCertificates ?? { rule: 'configured' };
  const read = await Promise.all(
    caCertificates.map(async (file) => parseCertificates(await readCertificateFile(file, project, because), file)),
  );
  const unique = new Map(read.flat().map((one) => [one.fingerprint, one]));
  const certificates = sortedBy(unique.values(), (one) => one.fingerprint);
  const isAdded = !('image' in base) || systemPackages.includes('ca-certificates');
  const found = ('image' in base ? bundleOf(base.image) : undefined) ?? (isAdded ? usualBundle : undefined);
  const warnings = [
    ...warnOfCertificates(certificates, context.now()),
    ...(found === undefined ? [bundleMissing(base.base.provider === 'image' ? base.base.title : '')] : []),
  ];
  return {
    certificates,
    warnings,
    planned: {
      bundle: found ?? usualBundle,
      added: certificates.map(({ subject, fingerprint, expires, path }) => ({ subject, fingerprint, expires, path })),
      because,
    },
  };
}

function bundleOf({ tree }: BaseImage): string | undefined {
  return bundlePlaces.find((place) => tree.resolve(place)?.facts.type === 'file');
}

function bundleMissing(title: string): PlanWarning {
  return {
    code: 'CERTIFICATE_BUNDLE_MISSING',
    message: `the base \`${title}\` has no certificates of public authorities: the image trusts its own only`,
    hint: 'take a base that has `ca-certificates`, or add the package with `--system-package ca-certificates`',
  };
}

async function readCertificateFile(file: string, project: string, because: Because): Promise<Uint8Array> {
  const path = isAbsolute(file) ? file : join(project, file);
  try {
    return await readFile(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    const place = [because.file, because.line].filter((part) => part !== undefined).join(':');
    throw new TareError({
      code: 'CERTIFICATE_MISSING',
      message: `the file of certificates \`${file}\` ${code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`}`,
      where: place === '' ? path : place,
      hint: 'correct `ca-certificates` (relative to the project) or `--ca-certificate` (relative to where you are)',
      cause: error,
    });
  }
}

export interface ResolvedDebug {
  readonly planned: PlannedDebug;
  readonly inputs: NonNullable<TargetInputs['debug']>;
}

/** The package of the debug tools for a base: of its own suite, else of the newest that bases are composed from. */
export async function resolveDebug(
  context: Context,
  config: ResolvedConfig,
  project: string,
  resolved: ResolvedBase,
  held?: DebPackage,
): Promise<ResolvedDebug | undefined> {
  if (!config.debug) return undefined;
  if (held !== undefined) {
    const because = { file: lockFile, rule: 'the lock of the image' };
    const [planned] = plannedPackages([held]);
    if (planned === undefined) throw new Error('a package that is not planned');
    return { planned: { ...planned, because }, inputs: { deb: held, debian: await nameDebian(config, project) } };
  }
  const { index, debian } = await openDebugSuite(context, config, project, resolved);
  const deb = index.find(busyboxPackage);
  if (deb === undefined) {
    throw new TareError({
      code: 'DEBUG_PACKAGE_MISSING',
      message: `Debian ${index.suite} has no \`${busyboxPackage}\` for ${index.architecture}`,
      hint: 'build without `--debug`, or set another `mirror` in `[tool.tare.debian]`',
    });
  }
  const [planned] = plannedPackages([deb]);
  if (planned === undefined) throw new Error('a package that is not planned');
  const asked = config.origins.debug ?? { rule: 'configured' };
  const rule = `${asked.rule}: a static busybox of Debian ${index.suite}`;
  return { planned: { ...planned, because: { ...asked, rule } }, inputs: { deb, debian } };
}

async function openDebugSuite(context: Context, config: ResolvedConfig, project: string, resolved: ResolvedBase) {
  const { base, debian } = resolved;
  const { suite, architecture } = base;
  if (suite === undefined) {
    const any = await resolveDebian(context, config, project, standaloneSuite, architecture);
    return { index: await openSuite(context, any, standaloneSuite, architecture), debian: any };
  }
  if ('image' in resolved) return openBaseSuite(context, debian, resolved.image, suite);
  return { index: await openSuite(context, debian, suite, architecture), debian };
}
