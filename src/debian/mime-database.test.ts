import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mustRun, runCommand } from '../../test/support/command.ts';
import { renderMimeDatabase } from './mime-database.ts';
import { readXmlTags } from './xml-tags.ts';

const document = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE mime-info [
<!ELEMENT mime-info (mime-type)+>
<!-- <glob pattern="*.no"/> -->
]>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="image/x-one">
    <comment>One &amp; only</comment>
    <alias type="image/one"/><sub-class-of type="application/zip"/>
    <magic priority="60">
      <match type="string" value="\\x89ONE\\r\\n&quot;\\101\\\\" offset="0:64"/>
      <match type="big16" value="0x4d4d" offset="2"><match type="little32" value="10" offset="4" mask="0xff"/></match>
      <match type="host32" value="0xff575053" offset="0"/>
      <match type="byte" value="010" offset="1"/>
    </magic>
    <glob pattern="*.One"/><glob weight="80" pattern="*.1"/><glob pattern="*.C" case-sensitive="true"/>
  </mime-type>
  <mime-type type="text/x-two"><glob pattern='README*' weight="10"/><magic><match type="string" value="two" mask="0xffdfff" offset="0"/></magic></mime-type>
</mime-info>`;

async function oracle(text: string): Promise<(name: string) => Promise<Buffer>> {
  const dir = await mkdtemp(join(tmpdir(), 'tare-mime-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'packages'));
  await writeFile(join(dir, 'packages/freedesktop.org.xml'), text);
  await mustRun('update-mime-database', [dir]);
  return (name) => readFile(join(dir, name));
}

describe('the database of file types', () => {
  test('is what update-mime-database makes of the same document', async (context) => {
    if ((await runCommand('update-mime-database', ['-v'])).code !== 0) context.skip('needs update-mime-database');
    const theirs = await oracle(document);
    const ours = renderMimeDatabase([document]);
    const sorted = (bytes: Uint8Array | undefined) =>
      Buffer.from(bytes ?? [])
        .toString('latin1')
        .split('\n')
        .sort();
    expect(ours.get('magic')).toEqual(await theirs('magic'));
    for (const name of ['aliases', 'globs2', 'subclasses']) {
      expect(sorted(ours.get(name)), name).toEqual(sorted(await theirs(name)));
    }
  });

  test('has a rule for each pattern, whatever its case', () => {
    const globs = renderMimeDatabase([document]).get('globs2')?.toString();
    expect(globs).toContain('80:image/x-one:*.1\n50:image/x-one:*.C\n50:image/x-one:*.C:cs\n50:image/x-one:*.one\n10:');
  });

  test('any text ends', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '<!--',
      '-->',
      '<!DOCTYPE x [',
      ']>',
      '"',
      "'",
      '<match ',
      'offset="1:0" ',
      'type="string" ',
      'value="\\x" ',
      '/>',
      '</match>',
      '<magic>',
      '<mime-type type="a/b">',
      '&#x110000;',
      '&quot;',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 80 }), (pieces) => {
        expect(
          renderMimeDatabase([pieces.join('')])
            .get('magic')
            ?.subarray(0, 12)
            .toString(),
        ).toBe('MIME-Magic\0\n');
      }),
    );
  });
});

test('tags have their attributes decoded, and a `>` in a value does not end them', () => {
  const [tag] = readXmlTags('<a x="1 > &lt;&#65;&#x42;&unknown;" y=\'"\'/>');
  expect(tag?.kind).toBe('whole');
  expect(Object.fromEntries(tag?.attributes ?? [])).toEqual({ x: '1 > <AB&unknown;', y: '"' });
});
