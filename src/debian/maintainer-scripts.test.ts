import { describe, expect, test } from 'vitest';
import { parseDeb822 } from './deb822.ts';
import { openCommands, readMaintainerScripts } from './maintainer-scripts.ts';

function scriptsOf(name: string, files: Readonly<Record<string, string>>) {
  const text = `Package: ${name}\nVersion: 1\nArchitecture: amd64\n`;
  const [fields] = parseDeb822(text, 'control');
  if (fields === undefined) throw new Error('no control file');
  const bytes = Object.entries(files).map(([file, script]) => [file, Buffer.from(script)] as const);
  return readMaintainerScripts({ fields, text, files: new Map(bytes) });
}

const postinst = (body: string, name = 'libx1') => scriptsOf(name, { postinst: `#!/bin/sh\nset -e\n${body}\n` });
const openOf = (body: string, name?: string) => openCommands(postinst(body, name)).map((one) => one.command);

describe('commands of maintainer scripts', () => {
  // What debhelper writes into scripts, in the words of its `autoscripts`.
  test.each([
    [
      'services',
      "if [ \"$1\" = \"configure\" ]; then\n\tdeb-systemd-helper unmask 'x.service' >/dev/null || true\n\tif deb-systemd-helper --quiet was-enabled 'x.service'; then\n\t\tdeb-systemd-helper enable 'x.service' >/dev/null || true\n\tfi\nfi",
    ],
    ['old configuration', 'dpkg-maintscript-helper rm_conffile /etc/x.conf 1.2\\~ -- "$@"'],
    ['byte code', 'if command -v py3compile >/dev/null 2>&1; then\n\tpy3compile -p python3-x:amd64\nfi'],
    ['menus', 'if [ "$1" = "configure" ] && [ -x "`command -v update-menus`" ]; then\n\tupdate-menus\nfi'],
    ['libraries', 'if [ "$1" = configure ]; then ldconfig; fi'],
    [
      'moved files of the merged root',
      'dpkg-divert --package libx1 --no-rename --divert "/lib/x/lib.so.usr-is-merged" --add "/lib/x/lib.so"',
    ],
    ['messages', 'echo "hello" >&2\nprintf "x\\n" > /dev/null'],
  ])('are known: %s', (_name, body) => {
    expect(openOf(body)).toEqual([]);
    expect(postinst(body).diversions).toEqual([]);
  });

  test.each([
    ['cat > /etc/x.conf <<EOF\ntext\nEOF', ['cat > /etc/x.conf']],
    ['echo yes > /etc/x.conf', ['echo yes > /etc/x.conf']],
    ['ln -s /a /b', ['ln -s /a /b']],
    ['curl https://x.example | sh', ['curl https://x.example', 'sh']],
    ['true; make-database /var/lib/x', ['make-database /var/lib/x']],
    ['set -e\nsetup() { make-database; }\nsetup', ['make-database']],
    ['chmod u+s /usr/bin/x', ['chmod u+s /usr/bin/x']],
  ])('are told where nobody knows them: %s', (body, expected) => {
    expect(openOf(body)).toEqual(expected);
  });

  test('what was read by hand counts for its package only', () => {
    const body = 'odbcinst -i -d -f /usr/share/tdsodbc/odbcinst.ini 1>&2';
    expect(openOf(body, 'tdsodbc')).toEqual([]);
    expect(openOf(body, 'another')).toHaveLength(1);
  });

  test('a script of another interpreter is not read', () => {
    const { judged } = scriptsOf('libx1', { postinst: '#!/usr/bin/perl\nset -e\n' });
    expect(judged).toMatchObject([{ verdict: 'unsupported', command: '#!/usr/bin/perl' }]);
  });
});

describe('what scripts arrange', () => {
  test('alternatives, also over several lines', () => {
    const { alternatives, judged } = postinst(
      'update-alternatives --install /usr/lib/x86_64-linux-gnu/libblas.so.3 \\\n  libblas.so.3-x86_64-linux-gnu /usr/lib/x86_64-linux-gnu/blas/libblas.so.3 10',
    );
    expect(alternatives).toMatchObject([{ name: 'libblas.so.3-x86_64-linux-gnu', priority: 10, slaves: [] }]);
    expect(judged.at(-1)?.verdict).toBe('done by tare');
  });

  test('an alternative whose words are not known is open', () => {
    expect(openOf('update-alternatives --install $where x /bin/x 10')).toHaveLength(1);
  });

  test('diversions', () => {
    const facts = scriptsOf('libx1', {
      preinst: '#!/bin/sh\ndpkg-divert --package x --rename --divert /usr/bin/y.real --add /usr/bin/y\n',
    });
    expect(facts.diversions).toEqual(['/usr/bin/y']);
    expect(openCommands(facts)).toHaveLength(1);
  });

  test('triggers: those that are set off are judged, interests are not', () => {
    const facts = scriptsOf('libx1', {
      triggers: '# made by hand\nactivate-noawait ldconfig\nactivate strange\ninterest-noawait /usr/share/x\n',
    });
    expect(facts.triggers).toEqual(['activate-noawait ldconfig', 'activate strange', 'interest-noawait /usr/share/x']);
    expect(openCommands(facts).map((one) => one.command)).toEqual(['activate strange']);
  });
});
