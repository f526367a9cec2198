/**
 * Which files of an archive stay out of the image, and why (`docs/standalone-python.md`). A pattern is a path below `python/`, or the
 * path of a folder with all that is in it; `*` stands for any part of a name.
 */
interface Omission {
  readonly because: string;
  readonly patterns: readonly string[];
}

const omissions: readonly Omission[] = [
  {
    because: 'for compiling against Python: an image is not compiled in',
    patterns: [
      'include',
      'lib/pkgconfig',
      'lib/*.a',
      'lib/python3.*/config-*',
      'lib/libpython3.*.so',
      'lib/libpython3.so',
    ],
  },
  {
    because: 'documentation, and descriptions of terminals',
    patterns: ['share', 'lib/python3.*/pydoc_data/topics.py'],
  },
  {
    because: "Python's own tests",
    patterns: [
      'lib/python3.*/test',
      'lib/python3.*/*/test',
      'lib/python3.*/*/tests',
      'lib/python3.*/lib-dynload/_test*',
      'lib/python3.*/lib-dynload/_ctypes_test*',
      'lib/python3.*/lib-dynload/_xx*',
      'lib/python3.*/lib-dynload/xx*',
    ],
  },
  {
    because: 'windows on a screen, which a container does not have: Tk, what is drawn with it, and IDLE',
    patterns: [
      'lib/python3.*/tkinter',
      'lib/python3.*/idlelib',
      'lib/python3.*/turtle.py',
      'lib/python3.*/turtledemo',
      'lib/python3.*/lib-dynload/_tkinter.*',
      'lib/tcl*',
      'lib/tk*',
      'lib/itcl*',
      'lib/thread*',
      'lib/Tix*',
      'lib/libtcl*',
      'lib/libtk*',
    ],
  },
  {
    because: 'installers: the environment of the image is made by tare, and nothing is installed into it later',
    patterns: ['lib/python3.*/ensurepip', 'lib/python3.*/site-packages', 'lib/python3.*/EXTERNALLY-MANAGED'],
  },
  {
    because: 'the converter from Python 2, which Python itself gave up',
    patterns: ['lib/python3.*/lib2to3'],
  },
  {
    because: 'bytecode made at another place',
    patterns: ['lib/python3.*/__pycache__', 'lib/python3.*/*/__pycache__'],
  },
];

const omitted = new RegExp(
  `^(?:${omissions.flatMap((one) => one.patterns.map((pattern) => pattern.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*'))).join('|')})(?:/|$)`,
);

/** Programs are the interpreter and its names; the others are scripts for people who develop. */
const programPattern = /^bin\/python3?(?:\.\d{1,3}t?)?$/;
const libraryPattern = /^lib\/libpython3\.\d{1,3}t?\.so\.1\.0$/;

/** Whether a file of an archive belongs into the image. `needsLibrary`: the interpreter is linked to its library. */
export function isWantedOfArchive(path: string, needsLibrary: boolean): boolean {
  if (path.startsWith('bin/')) return programPattern.test(path);
  if (libraryPattern.test(path)) return needsLibrary;
  if (/(?:^|\/)__pycache__(?:\/|$)/.test(path)) return false;
  return !omitted.test(path);
}
