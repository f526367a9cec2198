import type { Digest } from '../base/digest.ts';
import type { RelationGroup } from '../debian/relation.ts';
import type { DebianVersion } from '../debian/version.ts';
import type { ImageConfig } from '../oci/config.ts';
import type { Image, ImageLayer } from '../oci/image.ts';
import type { FileFacts } from '../root/file-facts.ts';
import type { LayerFacts as RootLayerFacts } from '../root/layer-facts.ts';
import type { RootTree } from '../root/tree.ts';

/** An OCI image that an application is laid upon, as far as that needs to know it. Nothing of it is unpacked to disk. */
export interface BaseImage {
  readonly image: Image;
  readonly config: ImageConfig;
  /** Debian's name: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Bottom to top, with the media types that an OCI manifest lists. */
  readonly layers: readonly ImageLayer[];
  /** Bytes of each layer's tar archive. */
  readonly unpackedSizes: readonly number[];
  /** The entries of each layer in its order, whiteouts included. */
  readonly layerFiles: readonly (readonly FileFacts[])[];
  /** Absent where the image has no os-release(5). */
  readonly osRelease?: OsRelease;
  readonly tree: RootTree;
  readonly libc: 'glibc' | 'musl' | 'none';
  /** `2.36`; where `libc` is `glibc` and says its version. */
  readonly glibc?: string;
  readonly database: PackageDatabase;
  /** Whether `apt-get install` works in an image made from it. */
  readonly hasApt: boolean;
  /** Folders that ld.so(8) finds libraries in, in its order; real paths as in `FileFacts`. */
  readonly loaderFolders: readonly string[];
  /** In the order of the image's `PATH`, then those beside it. */
  readonly pythons: readonly BasePython[];
  /** The text of one of the small files that were read along (`isWantedText`), links followed. */
  readonly text: (path: string) => string | undefined;
}

/** os-release(5), as far as it is asked for. */
export interface OsRelease {
  readonly id: string;
  /** Distributions that it is like. */
  readonly idLike: readonly string[];
  readonly codename?: string;
  readonly versionId?: string;
  readonly prettyName: string;
}

/** What package managers say is installed. */
export interface PackageDatabase {
  /** `status.d`: one file a package and no dpkg, as distroless images have it. */
  readonly kind: 'dpkg' | 'status.d' | 'none';
  /** Of another package manager: `rpm`, `apk`, … */
  readonly foreign?: string;
  /** Installed packages, sorted by name and architecture. */
  readonly packages: readonly InstalledPackage[];
  /** Over the whole text of the database: part of the key of what is made from it. */
  readonly state: Digest;
}

export interface InstalledPackage {
  readonly name: string;
  readonly version: DebianVersion;
  readonly architecture: string;
  /** dpkg(1), "Package states": `installed`, or with triggers still to run. */
  readonly status: 'installed' | 'triggers-awaited' | 'triggers-pending';
  readonly record: 'status' | 'status.d';
  readonly multiArch: 'no' | 'same' | 'foreign' | 'allowed';
  /** Pre-Depends and Depends. */
  readonly depends: readonly RelationGroup[];
  /** Conflicts and Breaks. */
  readonly conflicts: readonly RelationGroup[];
  /** Virtual packages. */
  readonly provides: readonly RelationGroup[];
}

/** A CPython in the image. */
export interface BasePython {
  /** Minor version: `3.12`. */
  readonly version: string;
  /** `3.12.1`, where the image tells. */
  readonly fullVersion?: string;
  /** The program itself, absolute, links followed: `/usr/local/bin/python3.12`. */
  readonly interpreter: string;
  /** `/usr/local`. */
  readonly prefix: string;
  /** `cp312`; `cp313t` where it is free-threaded. */
  readonly abi: string;
}

/** What is kept of layers between runs: plain JSON by key. */
export interface BaseCache {
  readonly read: (key: string) => Promise<unknown>;
  readonly write: (key: string, value: unknown) => Promise<void>;
  /** A fresh file name that large files may pass through. */
  readonly temporary: () => Promise<string>;
  /** Called before a layer is read that is not known yet: the moment to bring it to disk. @default it is read from where it is */
  readonly prepare?: (layer: ImageLayer) => Promise<void>;
  /** Takes what others will ask of a layer that was read, so that they need not read it again. @default nobody does */
  readonly note?: (layer: ImageLayer, facts: RootLayerFacts) => Promise<void>;
}
