import type { Because } from '../../../base/because.ts';

/**
 * What looks for a source. `alembic`, `migrations`: revisions that are found by listing a folder; `numba-cache`, `torch-script`, `triton`,
 * `inspect-source`: the text of a function or class is read; `docstrings`: texts beside the fields of a class are; `glob`: modules are found
 * by listing a folder; `command-line`: a command names the file; `streamlit`: a page; `run-by-path`: executed under its path; `read-by-path`:
 * opened or looked for under its path.
 */
export type SourceNeedKind =
  | 'alembic'
  | 'migrations'
  | 'numba-cache'
  | 'torch-script'
  | 'triton'
  | 'inspect-source'
  | 'docstrings'
  | 'glob'
  | 'command-line'
  | 'streamlit'
  | 'run-by-path'
  | 'read-by-path';

/** A source that something reads as text, so that it cannot be replaced by its bytecode. */
export interface SourceNeed {
  /** The file that stays, relative to the project. */
  readonly path: string;
  readonly kind: SourceNeedKind;
  /** Where the reason stands, which often is another file. */
  readonly because: Because;
  /** Which sources are read is decided when the application runs: there may be more than this, and a person should look. */
  readonly isUncertain?: true;
}
