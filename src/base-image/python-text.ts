import type { TarEntry } from '../archive/tar-reader.ts';

const programPattern = /(?:^|\/)(?:lib)?python(3\.\d+)t?(?:\.so\.1\.0)?$/;
/** `PY_VERSION` in a C program ends with a zero. Far above what a version with its zero needs. */
const longestVersion = 24;

/** The entries, with `found` called for every CPython program and library that holds its own full version. */
export async function* withPythonVersions(
  entries: AsyncIterable<TarEntry>,
  found: (path: string, version: string) => void,
): AsyncGenerator<TarEntry> {
  for await (const entry of entries) {
    const minor = entry.type === 'file' ? programPattern.exec(entry.path)?.[1] : undefined;
    if (minor === undefined) yield entry;
    else yield { ...entry, body: watched(entry.body, minor, (version) => found(entry.path, version)) };
  }
}

async function* watched(
  body: AsyncIterable<Uint8Array>,
  minor: string,
  found: (version: string) => void,
): AsyncGenerator<Uint8Array> {
  let tail: Uint8Array = new Uint8Array(0);
  let isFound = false;
  for await (const chunk of body) {
    yield chunk;
    if (isFound) continue;
    const bytes = Buffer.concat([tail, chunk]);
    const version = versionIn(bytes, minor);
    isFound = version !== undefined;
    if (version !== undefined) found(version);
    tail = Uint8Array.from(bytes.subarray(-longestVersion - 1));
  }
}

function versionIn(bytes: Buffer, minor: string): string | undefined {
  for (let at = bytes.indexOf(`${minor}.`); at >= 0; at = bytes.indexOf(`${minor}.`, at + 1)) {
    // What is before it says whether it is a whole number; at the very beginning it was looked at with the piece before.
    const text = at === 0 ? '' : bytes.toString('latin1', at - 1, at + longestVersion);
    const version = /^[^\w.](3\.\d+\.\d+(?:(?:a|b|rc)\d+)?)\+?\0/.exec(text)?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}
