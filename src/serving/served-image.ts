/** A manifest or an index, as it is served. */
export interface ServedManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A configuration or a layer. It is opened when somebody asks for it, from wherever it is. */
export interface ServedBlob {
  /** Bytes. */
  readonly size: number;
  /** The bytes from `start` up to, not including, `end`. */
  readonly open: (start: number, end: number) => AsyncIterable<Uint8Array>;
}

/** All that one repository of a registry has. Nothing else can be asked for. */
export interface ServedImage {
  /** `team/app`. */
  readonly repository: string;
  /** Digests of manifests. */
  readonly tags: ReadonlyMap<string, string>;
  /** By digest. */
  readonly manifests: ReadonlyMap<string, ServedManifest>;
  /** By digest. */
  readonly blobs: ReadonlyMap<string, ServedBlob>;
}
