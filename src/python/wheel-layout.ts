import type { ZipEntry } from '../archive/zip.ts';
import { TareError } from '../base/errors.ts';
import { normalizedName } from './package-name.ts';
import { isSameVersion } from './version.ts';
import type { WheelName } from './wheel-name.ts';

/** The two special folders of a wheel (binary distribution format, "File contents"). */
export interface WheelLayout {
  /** `numpy-2.3.1.dist-info` */
  readonly distInfo: string;
  /** `numpy-2.3.1.data` */
  readonly dataFolder?: string;
}

/** Finds the one `.dist-info` and the `.data` folder, which must be those of the distribution that the file name names. */
export function findWheelLayout(entries: readonly ZipEntry[], name: WheelName): WheelLayout {
  const tops = new Set(entries.map((entry) => entry.name.split('/', 1)[0] ?? ''));
  const infos = [...tops].filter((top) => top.endsWith('.dist-info'));
  const [distInfo] = infos;
  if (distInfo === undefined || infos.length > 1) {
    throw layoutInvalid('WHEEL_DIST_INFO_INVALID', name, {
      message: distInfo === undefined ? 'it has no `.dist-info` folder' : 'it has more than one `.dist-info` folder',
      expected: `\`${name.name}-${name.version}.dist-info\``,
      ...(distInfo === undefined ? {} : { actual: infos.join(', ') }),
    });
  }
  if (!belongsTo(distInfo.slice(0, -'.dist-info'.length), name)) {
    throw layoutInvalid('WHEEL_DIST_INFO_INVALID', name, {
      message: 'its `.dist-info` folder is that of another distribution',
      expected: `name \`${name.name}\` and version \`${name.version}\``,
      actual: distInfo,
    });
  }
  const data = [...tops].filter((top) => top.endsWith('.data'));
  const [dataFolder] = data;
  if (dataFolder === undefined) return { distInfo };
  if (data.length > 1 || !belongsTo(dataFolder.slice(0, -'.data'.length), name)) {
    throw layoutInvalid('WHEEL_DATA_INVALID', name, {
      message: 'it has a `.data` folder that is not its own',
      expected: `at most \`${name.name}-${name.version}.data\``,
      actual: data.join(', '),
    });
  }
  return { distInfo, dataFolder };
}

/** Whether `NAME-VERSION` names the distribution, however its name is spelled and its version is written. */
function belongsTo(folder: string, name: WheelName): boolean {
  for (let dash = folder.indexOf('-'); dash !== -1; dash = folder.indexOf('-', dash + 1)) {
    const isName = normalizedName(folder.slice(0, dash)) === name.name;
    if (isName && isSameVersion(folder.slice(dash + 1), name.version)) return true;
  }
  return false;
}

function layoutInvalid(
  code: 'WHEEL_DIST_INFO_INVALID' | 'WHEEL_DATA_INVALID',
  name: WheelName,
  fields: { readonly message: string; readonly expected: string; readonly actual?: string },
): TareError {
  return new TareError({
    code,
    where: name.filename,
    hint: 'use another version of this package, or build the wheel again',
    ...fields,
    message: `\`${name.filename}\` is no proper wheel: ${fields.message}`,
  });
}
