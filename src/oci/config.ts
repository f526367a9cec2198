import type { Digest } from '../base/digest.ts';
import { canonicalJson, sortedBy } from '../base/order.ts';
import { parseJson } from './json.ts';
import { makePlatform, type Platform } from './platform.ts';
import { imageConfigSchema } from './schema.ts';

/** What one layer adds to a configuration. */
export interface ConfigLayer {
  readonly diffId: Digest;
  /** For people: how the layer came to be (`history[].created_by`). */
  readonly createdBy: string;
  readonly comment?: string;
}

/** What an image configuration is made of (OCI image specification, config.md). */
export interface ImageConfigInput {
  readonly platform: Platform;
  readonly created: Date;
  readonly author?: string;
  /** In order; a later value of the same name wins. */
  readonly env: readonly { readonly name: string; readonly value: string }[];
  /** Exec form. */
  readonly entrypoint?: readonly string[];
  /** Exec form. */
  readonly cmd: readonly string[];
  /** `65532` or `65532:65532` or a name of the image's passwd. */
  readonly user: string;
  readonly workdir: string;
  readonly labels: Readonly<Record<string, string>>;
  /** TCP where a number is given. */
  readonly exposedPorts: readonly (number | string)[];
  readonly volumes?: readonly string[];
  /** `SIGTERM`, `SIGINT`, … */
  readonly stopSignal?: string;
  /** Bottom to top. */
  readonly layers: readonly ConfigLayer[];
}

/** A step of an image's making; one that is not `empty` stands for a layer, in their order. */
export interface HistoryEntry {
  readonly createdBy?: string;
  readonly comment?: string;
  /** It changed the configuration only. */
  readonly empty: boolean;
}

/** What is read of a configuration, ours or foreign. */
export interface ImageConfig {
  readonly platform: Platform;
  /** RFC 3339, as it stands there. */
  readonly created?: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly user: string;
  readonly workdir: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `8000/tcp`, sorted. */
  readonly exposedPorts: readonly string[];
  /** Absolute, sorted. */
  readonly volumes: readonly string[];
  readonly stopSignal?: string;
  /** Bottom to top; empty where the image does not tell. */
  readonly history: readonly HistoryEntry[];
  /** Bottom to top. */
  readonly diffIds: readonly Digest[];
}

/** The bytes of an image configuration: canonical JSON, so that equal input has one digest everywhere. */
export function renderImageConfig(input: ImageConfigInput): Uint8Array {
  const created = renderTime(input.created);
  const { os, architecture, variant } = input.platform;
  return new TextEncoder().encode(
    canonicalJson({
      created,
      author: input.author,
      architecture,
      os,
      variant,
      config: runtimeConfig(input),
      rootfs: { type: 'layers', diff_ids: input.layers.map((layer) => layer.diffId) },
      history: input.layers.map((layer) => ({ created, created_by: layer.createdBy, comment: layer.comment })),
    }),
  );
}

/** Reads a configuration's bytes. Throws `IMAGE_CONFIG_INVALID`. */
export function parseImageConfig(bytes: Uint8Array, where: string): ImageConfig {
  const raw = parseJson(imageConfigSchema, bytes, {
    code: 'IMAGE_CONFIG_INVALID',
    object: 'image configuration',
    where,
  });
  const config = raw.config ?? {};
  return {
    platform: makePlatform(raw.os, raw.architecture, raw.variant),
    ...(raw.created === undefined ? {} : { created: raw.created }),
    env: (config.Env ?? []).map(splitVariable),
    entrypoint: config.Entrypoint ?? [],
    cmd: config.Cmd ?? [],
    user: config.User ?? '',
    workdir: config.WorkingDir ?? '',
    labels: config.Labels ?? {},
    exposedPorts: sortedBy(Object.keys(config.ExposedPorts ?? {}), (port) => port),
    volumes: sortedBy(Object.keys(config.Volumes ?? {}), (path) => path),
    ...(config.StopSignal === undefined ? {} : { stopSignal: config.StopSignal }),
    history: (raw.history ?? []).map((step) => ({
      ...(step.created_by === undefined ? {} : { createdBy: step.created_by }),
      ...(step.comment === undefined ? {} : { comment: step.comment }),
      empty: step.empty_layer ?? false,
    })),
    diffIds: raw.rootfs.diff_ids,
  };
}

function runtimeConfig(input: ImageConfigInput): Readonly<Record<string, unknown>> {
  const ports = input.exposedPorts.map((port) => (typeof port === 'number' ? `${port}/tcp` : port));
  return {
    Env: lastOfEachName(input.env).map(({ name, value }) => `${name}=${value}`),
    Entrypoint: input.entrypoint,
    Cmd: input.cmd,
    User: input.user,
    WorkingDir: input.workdir,
    Labels: Object.keys(input.labels).length === 0 ? undefined : input.labels,
    ExposedPorts: emptyObjects(ports),
    Volumes: emptyObjects(input.volumes ?? []),
    StopSignal: input.stopSignal,
  };
}

function emptyObjects(names: readonly string[]): Readonly<Record<string, object>> | undefined {
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, {}]));
}

function lastOfEachName<T extends { readonly name: string }>(variables: readonly T[]): T[] {
  return [...new Map(variables.map((variable) => [variable.name, variable])).values()];
}

function splitVariable(text: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf('=');
  return equals === -1 ? { name: text, value: '' } : { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

/** RFC 3339 with whole seconds. */
function renderTime(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
