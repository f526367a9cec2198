/** Bounds on what is read from outside. Sizes in bytes. Each is far above what real input needs. */
export const limits = {
  /** A configuration or manifest file of the project. */
  projectFile: 16 * 1024 * 1024,
  /** A lock file (`uv.lock` of 2.3 MB is a large one). */
  lockFile: 64 * 1024 * 1024,
  /** A page of a package index. */
  indexPage: 128 * 1024 * 1024,
  /** Entries of one zip or tar archive. */
  archiveEntries: 1_000_000,
  /** Unpacked bytes of one archive. */
  archiveUnpacked: 64 * 1024 * 1024 * 1024,
  /** A deflate stream cannot expand more than this (1032:1 is the format's own bound). */
  deflateRatio: 1032,
  /** A text member that is read whole: METADATA, RECORD, control. */
  metadataMember: 128 * 1024 * 1024,
  /** An uncompressed Debian `Packages` index. */
  packagesIndex: 512 * 1024 * 1024,
} as const;
