import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readShellCommands } from './shell-commands.ts';

const commandsOf = (script: string): string[] => readShellCommands(script).map(({ words }) => words.join(' '));
/** Without tests, which only decide. */
const actionsOf = (script: string): string[] =>
  commandsOf(script).filter((text) => !/^(?:\[|test |dpkg --compare|set )/.test(text));

describe('what a script runs at a first installation', () => {
  test('is not what it does for upgrades, triggers and removals', () => {
    const script = `#!/bin/sh
set -e
if [ "$1" = "configure" ] && [ -n "$2" ]; then
  only-upgrade
fi
if dpkg --compare-versions "$2" lt-nl "1.2~"; then only-upgrade; else first; fi
if [ "$1" = triggered ]; then
  for trigger in $2; do only-trigger; done
  exit 0
fi
case "$1" in
  configure|abort-upgrade) second ;;
  (upgrade) only-upgrade ;;
  *) only-else; exit 1 ;;
esac
if [ -z "$2" ]; then third; else only-upgrade; fi
[ -n "$2" ] && only-upgrade
if [ "x$2" != x ] || [ "$1" = remove ]; then only-upgrade; fi
`;
    expect(actionsOf(script)).toEqual(['first', 'second', 'third']);
  });

  test('keeps what may be reached', () => {
    expect(actionsOf('if [ "$1" = configure ] || [ "$1" = abort-upgrade ]; then a; fi')).toEqual(['a']);
    expect(actionsOf('if ! [ -n "$2" ]; then a; fi')).toEqual(['a']);
    expect(actionsOf('if dpkg --compare-versions "$2" lt 2; then a; fi')).toEqual(['a']);
    expect(actionsOf('case "$name" in x) a;; y) b;; esac')).toEqual(['a', 'b']);
    expect(actionsOf('if ! update-it; then echo failed; fi')).toEqual(['update-it', 'echo failed']);
    expect(actionsOf('which x >/dev/null && x --all || y')).toEqual(['which x', 'x --all', 'y']);
  });

  test('functions come where they are called', () => {
    const script = 'one () {\n  inner "$1"\n}\nnever() { other; }\nif [ "$1" = configure ]; then one "$@"; fi\n';
    expect(actionsOf(script)).toEqual(['inner $1']);
  });

  test('variables that stand in the script, and loops, are filled in', () => {
    const script = `dir=/usr/lib/x
prio="10"
for prog in convert identify; do
  update-alternatives --install /usr/bin/$prog "$prog" \${dir}/bin/$prog.q16 $prio \\
     --slave /usr/share/man/$prog.1 $prog.1 $dir/man/$prog.1
done
now=$(date)
tell "$now" '$dir' $UNKNOWN`;
    expect(commandsOf(script)).toEqual([
      'update-alternatives --install /usr/bin/convert convert /usr/lib/x/bin/convert.q16 10 --slave /usr/share/man/convert.1 convert.1 /usr/lib/x/man/convert.1',
      'update-alternatives --install /usr/bin/identify identify /usr/lib/x/bin/identify.q16 10 --slave /usr/share/man/identify.1 identify.1 /usr/lib/x/man/identify.1',
      'tell $now $dir $UNKNOWN',
    ]);
  });

  test('comments and the text of here-documents are none', () => {
    const script = '# rm -rf /\ncat > /etc/x <<-\'EOT\' # more\n\trm -rf /\n\tEOT\nafter "a # b" $#\n';
    const commands = readShellCommands(script);
    expect(commands.map(({ words }) => words.join(' '))).toEqual(['cat', 'after a # b $#']);
    expect(commands[0]).toMatchObject({ outputs: ['/etc/x'], line: 2 });
  });

  test('quotes and substitutions may reach over lines', () => {
    expect(commandsOf('sed -n -e "1,/a/p;\n  $(cat "x y" | f)" file; b')).toEqual([
      'sed -n -e 1,/a/p;\n  $(cat x y | f) file',
      'b',
    ]);
  });
});

describe('a script that is none', () => {
  test('any text ends, with bounded work', () => {
    const piece = fc.constantFrom(
      'if ',
      'fi\n',
      'case ',
      ' in ',
      ';;',
      'esac ',
      '(',
      ')',
      '{ ',
      '}\n',
      '$(',
      '`',
      '"',
      "'",
      '<<E',
      '\n',
      'for x in a b; do ',
      'done ',
      '\\',
      '&& ',
      'a ',
      '#',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        expect(Array.isArray(readShellCommands(pieces.join('')))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('loops within loops do not multiply without end', () => {
    const words = Array.from({ length: 90 }, (_, index) => `w${index}`).join(' ');
    const script = `${'abcdefgh'
      .split('')
      .map((name) => `for ${name} in ${words}; do`)
      .join('\n')}\nrun $a $b\n`;
    expect(readShellCommands(script).length).toBeLessThanOrEqual(20_000);
  });

  test('functions that call each other end', () => {
    expect(commandsOf('a() { b; x; }\nb() { a; y; }\na\n')).toEqual(['y', 'x']);
  });
});
