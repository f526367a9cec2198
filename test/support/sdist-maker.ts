import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { IndexFile } from './simple-index.ts';
import { makeTar, type TarMember } from './tar-maker.ts';

export interface SdistDescription {
  readonly name: string;
  readonly version: string;
  /** Python that runs when the wheel is built; `files` of the wheel by path, and `version`, may be changed by it. */
  readonly code?: string;
  /** Tag of the wheel. */
  readonly tag?: string;
  /** Beside what is made. */
  readonly members?: readonly TarMember[];
  readonly requires?: readonly string[];
}

/** A build backend that needs nothing but Python: it is in the source distribution itself. */
const backend = `
import base64, hashlib, os, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name, version, tag = NAME, VERSION, TAG
    files = {name + '.py': 'BUILT = True\\n'}
    scope = {'files': files, 'version': version, 'os': os, 'folder': folder}
    exec(CODE, scope)
    version = scope['version']
    info = '%s-%s.dist-info/' % (name, version)
    files[info + 'METADATA'] = 'Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n' % (name, version)
    files[info + 'WHEEL'] = 'Wheel-Version: 1.0\\nGenerator: own\\nRoot-Is-Purelib: true\\nTag: %s\\n' % tag
    record = ''
    filename = '%s-%s-%s.whl' % (name, version, tag)
    with zipfile.ZipFile(os.path.join(folder, filename), 'w') as archive:
        for path, text in sorted(files.items()):
            data = text.encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()
            record += '%s,sha256=%s,%d\\n' % (path, digest, len(data))
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)
        archive.writestr(zipfile.ZipInfo(info + 'RECORD', (2020, 1, 1, 0, 0, 0)), record + info + 'RECORD,,\\n')
    return filename
`;

/** A source distribution with a build backend of its own. */
export function makeSdist(description: SdistDescription): IndexFile {
  const { name, version, code = '', tag = 'py3-none-any', members = [], requires = [] } = description;
  const top = `${name}-${version}`;
  const values = { NAME: name, VERSION: version, TAG: tag, CODE: code };
  const constants = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const project = [
    '[build-system]',
    `requires = ${JSON.stringify(requires)}`,
    'build-backend = "own_backend"',
    'backend-path = ["backend"]',
    '',
  ].join('\n');
  const all: TarMember[] = [
    { name: `${top}/`, flag: '5' },
    { name: `${top}/PKG-INFO`, bytes: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n` },
    { name: `${top}/pyproject.toml`, bytes: project },
    { name: `${top}/backend/own_backend.py`, bytes: `${constants.join('')}${backend}` },
    ...members,
  ];
  return indexFile(`${top}.tar.gz`, gzipSync(makeTar(all)));
}

export function indexFile(filename: string, bytes: Buffer): IndexFile {
  return { filename, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}
