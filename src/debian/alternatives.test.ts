import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mustRun, runCommand } from '../../test/support/command.ts';
import { type Alternative, parseAlternative, settleAlternatives } from './alternatives.ts';

const alternative = (path: string, priority: number, name = 'editor'): Alternative => ({
  link: `/usr/bin/${name}`,
  name,
  path,
  priority,
  slaves: [{ link: `/usr/share/man/${name}.1`, name: `${name}.1`, path: `${path}.1` }],
});
const all = (): boolean => true;
const none = (): undefined => undefined;

describe('the command', () => {
  test('says link, name, path, priority and slaves', () => {
    const words =
      'update-alternatives --quiet --install /bin/nc nc /bin/nc.openbsd 50 --slave /bin/netcat netcat /bin/nc.openbsd';
    expect(parseAlternative(words.split(' '))).toEqual({
      link: '/bin/nc',
      name: 'nc',
      path: '/bin/nc.openbsd',
      priority: 50,
      slaves: [{ link: '/bin/netcat', name: 'netcat', path: '/bin/nc.openbsd' }],
    });
  });

  test.each([
    'update-alternatives --remove nc /bin/nc',
    'update-alternatives --install /bin/nc ../../passwd /bin/x 1',
    'update-alternatives --install /bin/../etc/x nc /bin/x 1',
    'update-alternatives --install /bin/nc nc $UNKNOWN 1',
    'update-alternatives --install /bin/nc nc /bin/x many',
    'update-alternatives --install /bin/nc',
  ])('is not taken: %s', (text) => {
    expect(parseAlternative(text.split(' '))).toBeUndefined();
  });
});

describe('the choice', () => {
  test('is the highest priority whose file is there', () => {
    const added = [alternative('/opt/a', 10), alternative('/opt/b', 90), alternative('/opt/c', 20)];
    const { links } = settleAlternatives(added, none, (path) => !path.startsWith('/opt/b') && path !== '/opt/c.1');
    expect(links).toEqual([
      { path: 'usr/bin/editor', target: '/etc/alternatives/editor' },
      { path: 'etc/alternatives/editor', target: '/opt/c' },
    ]);
  });

  test('what the base has takes part, a choice by hand stays', () => {
    const { notes } = settleAlternatives([alternative('/opt/a', 10)], none, all);
    const auto = notes[0]?.text ?? '';
    const later = [alternative('/opt/b', 5)];
    expect(settleAlternatives(later, () => auto, all).links).toContainEqual({
      path: 'etc/alternatives/editor',
      target: '/opt/a',
    });
    const manual = settleAlternatives([alternative('/opt/b', 50)], () => auto.replace('auto', 'manual'), all);
    expect(manual.links).toEqual([]);
    expect(manual.notes[0]?.text).toMatch(/^manual\n[^]*\/opt\/b\n50\n/);
  });

  test('notes that cannot be read count as none', () => {
    const { links } = settleAlternatives([alternative('/opt/a', 1)], () => 'auto\n/usr/bin/x', all);
    expect(links).toHaveLength(4);
  });

  test('is what update-alternatives says of the same files', async (context) => {
    if ((await runCommand('update-alternatives', ['--version'])).code !== 0) context.skip('needs update-alternatives');
    const root = await mkdtemp(join(tmpdir(), 'tare-alternatives-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const write = async (path: string, text: string) => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    };
    const added = [
      alternative('/opt/a', 10),
      { ...alternative('/opt/b', 90), slaves: [] },
      alternative('/opt/a', 3, 'pager'),
    ];
    for (const path of ['opt/a', 'opt/b', 'opt/a.1']) await write(path, 'x');
    const { links, notes } = settleAlternatives(added, none, all);
    for (const { path, text } of notes) await write(path, text);
    for (const { path, target } of links) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await symlink(target, join(root, path));
    }
    const query = (name: string) => mustRun('update-alternatives', ['--root', root, '--query', name], {});
    const printed = await query('editor');
    expect(printed).toContain('Status: auto\nBest: /opt/b\nValue: /opt/b\n');
    expect(printed).toContain('Alternative: /opt/a\nPriority: 10\nSlaves:\n editor.1 /opt/a.1\n');
    expect(await query('pager')).toContain('Value: /opt/a\n');
    // It writes its notes anew, in its own way.
    await mustRun('update-alternatives', ['--root', root, '--remove', 'editor', '/opt/nothing'], {});
    await mustRun(
      'update-alternatives',
      ['--root', root, '--install', '/usr/bin/editor', 'editor', '/opt/b', '90'],
      {},
    );
    for (const { path, text } of notes) expect(await readFile(join(root, path), 'utf8')).toBe(text);
  });
});
