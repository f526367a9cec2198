import { TareError } from '../base/errors.ts';

/** `PYTHON_ARCHIVE_INVALID`: the file is not such an archive, or not whole. */
export function archiveInvalid(filename: string, problem: string, cause?: unknown): TareError {
  return new TareError({
    code: 'PYTHON_ARCHIVE_INVALID',
    message: `\`${filename}\` is not a Python to lay on a base: it ${problem}`,
    where: filename,
    expected: 'a python-build-standalone archive of the kind `install_only`: one folder `python/` with `bin/python3.N`',
    hint: 'fetch the archive again, or take another one: docs/standalone-python.md',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** `PYTHON_ARCHIVE_MISMATCH`: it is one, for something else. */
export function archiveMismatch(filename: string, expected: string, actual: string, hint: string): TareError {
  return new TareError({
    code: 'PYTHON_ARCHIVE_MISMATCH',
    message: `\`${filename}\` is another Python than the build wants`,
    where: filename,
    expected,
    actual,
    hint,
  });
}
