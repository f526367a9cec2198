/** `[build-system]` of a project (pyproject.toml specification; PEP 517, 518). */
export interface BuildSystem {
  /** Requirements, as written. */
  readonly requires: readonly string[];
  /** `module:object`. */
  readonly backend: string;
  /** Folders of the source that the backend is in, relative to it. */
  readonly backendPath: readonly string[];
  /** Nothing is said of a backend: setuptools with the source's own folder to import from. */
  readonly isLegacy: boolean;
}

/** A source that was unpacked. Absolute paths. */
export interface UnpackedSource {
  /** The project's folder. */
  readonly folder: string;
  /** The newest date of its files, seconds since the epoch. */
  readonly newest: number;
}
