import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readAptSources } from './apt-sources.ts';

/** A stand-in for `/etc/apt`. */
async function aptRoot(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'tare-apt-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text.replaceAll('ROOT', root));
  }
  return root;
}

const addresses = async (files: Readonly<Record<string, string>>) => {
  const { mirror, securityMirror } = await readAptSources(await aptRoot(files));
  return [mirror, securityMirror];
};

const both = ['http://m.example/debian', 'http://s.example/debian-security'];

describe('where apt gets Debian from', () => {
  test('deb822 style, as Debian images have it', async () => {
    const text = [
      'Types: deb deb-src',
      '# a comment',
      'URIs: http://m.example/debian/',
      'Suites: bookworm bookworm-updates',
      'Components: main contrib',
      '',
      'Types: deb',
      'URIs: http://s.example/debian-security',
      'Suites: bookworm-security',
      'Components: main',
      '',
    ].join('\n');
    expect(await addresses({ 'sources.list.d/debian.sources': text })).toEqual(both);
  });

  test('one-line style, with options and comments', async () => {
    const text = [
      '# deb http://old.example/debian bullseye main',
      'deb-src http://src.example/debian bullseye main',
      'deb [arch=amd64 signed-by=/k.gpg] http://m.example/debian bullseye main contrib # ours',
      'deb http://s.example/debian-security bullseye-security main',
    ].join('\n');
    expect(await addresses({ 'sources.list': text })).toEqual(both);
    expect(await addresses({ 'sources.list.d/a.list': text.replace('bullseye-security', 'buster/updates') })).toEqual(
      both,
    );
  });

  test.each([
    ['another distribution', 'deb http://u.example/ubuntu noble main'],
    ['packages for Debian by others', 'deb http://p.example/apt sdk-bookworm main'],
    ['no main', 'deb http://m.example/debian bookworm contrib'],
    ['a disc', 'deb cdrom:[Debian]/ bookworm main'],
  ])('%s is no mirror', async (_name, line) => {
    expect(await addresses({ 'sources.list': line })).toEqual([undefined, undefined]);
  });

  test('a source that is switched off is no mirror', async () => {
    const text = 'Enabled: no\nTypes: deb\nURIs: http://m.example/debian\nSuites: sid\nComponents: main\n';
    expect(await addresses({ 'sources.list.d/x.sources': text })).toEqual([undefined, undefined]);
    expect(await addresses({ 'sources.list.d/x.sources.save': text.replace('no', 'yes') })).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('a list of mirrors in a file, as cloud images have it', async () => {
    const files = {
      'sources.list.d/debian.sources':
        'Types: deb\nURIs: mirror+file://ROOT/mirrors/debian.list\nSuites: trixie\nComponents: main\n',
      'mirrors/debian.list': '# nearest\nhttp://m.example/debian/ priority:1\nhttp://n.example/debian\n',
    };
    expect(await addresses(files)).toEqual(['http://m.example/debian', undefined]);
  });

  test('nothing is there', async () => {
    expect(await readAptSources('/nowhere/at/all')).toEqual({
      checksValidUntil: true,
      proxies: {},
      certificateFiles: [],
      checksCertificates: true,
      logins: [],
    });
  });
});

describe('what apt is told in apt.conf', () => {
  test('proxies and dates, in either notation, later files winning', async () => {
    const root = await aptRoot({
      'apt.conf.d/10proxy': 'Acquire::http::Proxy "http://old.example:1";',
      'apt.conf.d/20proxy':
        '// c\nAcquire { http { Proxy "http://p.example:3128/"; }; /* x */ Check-Valid-Until "false"; };',
      'apt.conf.d/99.bak': 'Acquire::http::Proxy "http://bak.example:1";',
    });
    expect(await readAptSources(root)).toMatchObject({
      checksValidUntil: false,
      proxies: { http: 'http://p.example:3128/', https: 'http://p.example:3128/' },
    });
  });

  test('apt.conf itself is last, and DIRECT is no proxy', async () => {
    const root = await aptRoot({
      'apt.conf.d/10proxy': 'Acquire::http::Proxy "http://p.example:1";',
      'apt.conf': 'Acquire::https::Proxy "DIRECT";',
    });
    expect((await readAptSources(root)).proxies).toEqual({ http: 'http://p.example:1' });
  });

  test('one source may switch the check of dates off', async () => {
    const root = await aptRoot({ 'sources.list': 'deb [check-valid-until=no] http://m.example/debian trixie main' });
    expect((await readAptSources(root)).checksValidUntil).toBe(false);
  });

  test('authorities of its own, for all hosts and for one', async () => {
    const root = await aptRoot({
      'apt.conf.d/10tls':
        'Acquire::https { CAInfo "/etc/ours.pem"; m.example { CAInfo "/etc/m.pem"; Verify-Peer "false"; }; };',
    });
    expect(await readAptSources(root)).toMatchObject({
      certificateFiles: ['/etc/ours.pem', '/etc/m.pem'],
      checksCertificates: true,
    });
    const careless = await aptRoot({ 'apt.conf': 'Acquire::https::Verify-Peer "false";' });
    expect((await readAptSources(careless)).checksCertificates).toBe(false);
  });
});
