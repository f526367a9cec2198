import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { writePythonArchive } from '../../test/support/archive-maker.ts';
import { temporaryDir } from '../../test/support/paths.ts';
import { digestFromHex } from '../base/digest.ts';
import { createHttpClient } from '../http/client.ts';
import { type ArchiveName, parseArchiveName } from './archive-name.ts';
import { fillPattern, parseArchivePlace, parseMirrorRoot } from './archive-place.ts';
import { findArchive, type FindInputs, type FoundArchive } from './find-archive.ts';
import { parseHashFile, parseHashList } from './hash-list.ts';

const filename = 'cpython-3.12.7+20241016-x86_64-unknown-linux-gnu-install_only.tar.gz';
const older = filename.replace('3.12.7+20241016', '3.12.6+20240909');
const hex = 'a'.repeat(64);
const digest = digestFromHex(hex);
const wish = { machine: 'x86_64', isFreeThreaded: false, allows: (python: string) => python === '3.12' };

const origin = 'http://mirror.example';

/** A server that has these texts, and nothing else. */
async function serve(files: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const text = files[`${origin}${url}`];
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
}

const context = {
  signal: new AbortController().signal,
  http: createHttpClient({ env: {}, userAgent: 'test', signal: new AbortController().signal }),
};

/** Finds an archive of a server that stands for `mirror.example`. */
async function find(
  archive: string,
  files: Readonly<Record<string, string>> = {},
  more: Partial<FindInputs> = {},
): Promise<FoundArchive> {
  const known: readonly ArchiveName[] = [filename, older].flatMap((name) => parseArchiveName(name) ?? []);
  const real = await serve(files);
  const asked = more.place ?? parseArchivePlace(archive, '/project');
  const place = JSON.parse(JSON.stringify(asked).replaceAll(origin, real));
  const found = await findArchive({ context, wish, known: async () => known, ...more, place });
  return { ...found, url: found.url.replace(real, origin) };
}

const at = (name: string) => `http://mirror.example/py/${name.replaceAll('+', '%2B')}`;
const sums = `${hex}  ${filename}\n${'b'.repeat(64)} *${older}\n`;

describe('an archive on a server', () => {
  test('is the best of those that SHA256SUMS lists, with its hash', async () => {
    const files = { 'http://mirror.example/py/SHA256SUMS': sums };
    const expected = { filename, sha256: digest, url: at(filename), hashRule: 'hash of `SHA256SUMS` beside it' };
    expect(await find('http://mirror.example/py/', files)).toEqual(expected);
    expect(await find('http://mirror.example/py', files)).toEqual(expected);
    expect(await find(at(filename), files)).toEqual(expected);
  });

  test('is one that a page links to, with the hash in its own file', async () => {
    const page = `<a href="${encodeURIComponent(filename)}">x</a> <a href='./${older}'>y</a>`;
    const files = { 'http://mirror.example/py/': page, [`${at(filename)}.sha256`]: `${hex}\n` };
    expect(await find('http://mirror.example/py/', files)).toMatchObject({ filename, sha256: digest });
  });

  test('is refused where nothing says its hash, unless the configuration does', async () => {
    await expect(find(at(filename), { [at(filename)]: 'x' })).rejects.toMatchObject({
      code: 'PYTHON_ARCHIVE_HASH',
      hint: expect.stringContaining('sha256 = "…"'),
    });
    expect(await find(at(filename), {}, { sha256: digest })).toMatchObject({
      sha256: digest,
      hashRule: expect.stringContaining('`sha256` of `[tool.tare.standalone]`'),
    });
  });

  test('a list without a fitting one names what is there', async () => {
    const files = { 'http://mirror.example/py/SHA256SUMS': sums.replaceAll('x86_64', 'aarch64') };
    await expect(find('http://mirror.example/py/', files)).rejects.toMatchObject({
      code: 'PYTHON_ARCHIVE_MISSING',
      actual: expect.stringContaining('aarch64'),
      expected: expect.stringContaining('x86_64-unknown-linux-gnu-install_only'),
    });
  });

  test('an address with parts is filled in, and tried from the newest down', async () => {
    const pattern = 'http://mirror.example/py/{tag}/cpython-{version}-{python}-{arch}.tar.gz';
    const place = 'http://mirror.example/py/20240909/cpython-3.12.6-3.12-x86_64.tar.gz';
    expect((await find(pattern, { [`${place}.sha256`]: hex })).url).toBe(place);
    const simple = await find('http://mirror.example/python-{python}.tar.gz', {
      'http://mirror.example/python-3.12.tar.gz.sha256': hex,
      'http://mirror.example/python-3.13.tar.gz.sha256': hex,
    });
    expect(simple.filename).toBe('python-3.12.tar.gz');
  });

  test('an unknown part of an address is an error that names the known ones', () => {
    expect(() => parseArchivePlace('http://mirror.example/{minor}.tar.gz', '/')).toThrow(
      expect.objectContaining({ code: 'PYTHON_ARCHIVE_MISSING', expected: '{python}, {version}, {arch}, {tag}' }),
    );
    const name = { python: '3.12', machine: 'aarch64', fullVersion: '3.12.7', release: '20241016' };
    expect(fillPattern('{python} {version} {arch} {tag}', name)).toBe('3.12 3.12.7 aarch64 20241016');
  });
});

describe("uv's mirror", () => {
  test('has archives by release; what it lacks yet is passed over', async () => {
    const place = parseMirrorRoot('http://mirror.example/pbs/', '/');
    const files = { [`http://mirror.example/pbs/20240909/${encodeURIComponent(older)}.sha256`]: `${hex}  ${older}` };
    expect(await find('', files, { place })).toMatchObject({ filename: older, sha256: digest });
    await expect(find('', {}, { place })).rejects.toMatchObject({
      code: 'PYTHON_ARCHIVE_MISSING',
      expected: expect.stringContaining(filename),
    });
  });

  test('may be a folder of this machine', async () => {
    const dir = await temporaryDir('mirror');
    await mkdir(join(dir, '20241016'));
    const { sha256 } = await writePythonArchive(join(dir, '20241016'));
    const found = await find('', {}, { place: parseMirrorRoot(`file://${dir}`, '/') });
    expect(found).toMatchObject({ filename, sha256: `sha256:${sha256}`, url: join(dir, '20241016', filename) });
  });
});

describe('an archive on disk', () => {
  test('is the best of a folder, or the file, with the hash that it has', async () => {
    const dir = await temporaryDir('archives');
    await writePythonArchive(dir, {}, older);
    const { sha256, file } = await writePythonArchive(dir);
    const hashRule = 'nothing says its hash, so it is the one of the file';
    const expected = { filename, sha256: `sha256:${sha256}`, url: file, hashRule };
    expect(await find(dir, {})).toEqual(expected);
    expect(await find(file, {})).toEqual(expected);
    expect(await find(filename, {}, { place: parseArchivePlace(filename, dir) })).toEqual(expected);
  });

  test.each(['SHA256SUMS', `${filename}.sha256`])('must have the hash of %s beside it', async (name) => {
    const dir = await temporaryDir('archives');
    const { file, sha256 } = await writePythonArchive(dir);
    await writeFile(join(dir, name), `${sha256}  ${filename}\n`);
    expect((await find(file, {})).hashRule).toBe(`hash of \`${name}\` beside it`);
    await writeFile(join(dir, name), `${hex}  ${filename}\n`);
    await expect(find(file, {})).rejects.toMatchObject({
      code: 'PYTHON_ARCHIVE_HASH',
      expected: digest,
      actual: `sha256:${sha256}`,
    });
    expect((await find(file, {}, { sha256: digestFromHex(sha256) })).hashRule).toContain('[tool.tare.standalone]');
  });

  test('must have the hash of the configuration', async () => {
    const { file } = await writePythonArchive(await temporaryDir('archives'));
    await expect(find(file, {}, { sha256: digest })).rejects.toMatchObject({ code: 'PYTHON_ARCHIVE_HASH' });
  });

  test('that is not there is an error that names the place', async () => {
    await expect(find('/nowhere/at/all', {})).rejects.toMatchObject({
      code: 'PYTHON_ARCHIVE_MISSING',
      message: expect.stringContaining('/nowhere/at/all'),
    });
    await expect(find(await temporaryDir('empty'), {})).rejects.toMatchObject({ actual: 'no archive at all' });
  });
});

test('lists of hashes are read whatever else is in them', () => {
  const list = `# made today\r\n${hex.toUpperCase()}  ./dir/${filename}\r\n\r\nabc  x\n`;
  expect([...parseHashList(list)]).toEqual([[filename, digest]]);
  expect(parseHashFile(`${hex}\n`)).toBe(digest);
  expect(parseHashFile('<html>')).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseHashList(text);
      parseHashFile(text);
    }),
  );
});
