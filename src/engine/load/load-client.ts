import type { Platform } from '../../oci/platform.ts';
import type { Reference } from '../../oci/reference.ts';

/** What keeps images on this machine, in the order in which it is looked for. */
export type LoadEngineName = 'docker' | 'podman' | 'containerd';

/** How an engine takes an image: arguments of its own command. */
export interface LoadCommands {
  /** What the engine calls an image that a person calls so. */
  readonly nameOf: (reference: Reference) => string;
  /** Pulls `HOST/NAME@DIGEST` over plain HTTP; `platform` where it is not the engine's own. */
  readonly pull: (source: string, platform: string | undefined) => readonly string[];
  readonly tag: (source: string, name: string) => readonly string[];
  /** Takes a name away from an image that has another. */
  readonly untag: (source: string) => readonly string[];
  /** Takes a name away, and the image where it has no other. */
  readonly remove: (source: string) => readonly string[];
  readonly load: (archive: string) => readonly string[];
}

/** An engine that answers. */
export interface LoadClient {
  readonly name: LoadEngineName;
  /** Absolute path of its command. */
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it runs without emulation. */
  readonly platform: Platform;
  readonly commands: LoadCommands;
}
