import { join } from 'node:path';
import type { BuildRequest } from './types.ts';

/** Names of what a build's room holds; the ignore file is found by BuildKit beside the Dockerfile under this name. */
export const dockerfileName = 'Dockerfile';
export const ignorefileName = `${dockerfileName}.dockerignore`;

/** Where the content of a secret stands in the room. */
export function secretPath(room: string, at: number): string {
  return join(room, `secret-${at}`);
}

/** `key=value` as one field of comma separated values (RFC 4180), which BuildKit's options are. */
export function csvField(key: string, value: string): string {
  const field = `${key}=${value}`;
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** The same flag before each value. */
export function repeated(flag: string, values: readonly string[]): readonly string[] {
  return values.flatMap((value) => [flag, value]);
}

/** `NAME=VALUE`, each, sorted as they stand. */
export function pairs(record: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(record).map(([name, value]) => `${name}=${value}`);
}

/** Build arguments: `SOURCE_DATE_EPOCH` where a time is wanted. */
export function buildArgs({ epoch }: BuildRequest): Readonly<Record<string, string>> {
  return epoch === undefined ? {} : { SOURCE_DATE_EPOCH: String(epoch) };
}

/** `id=…,src=…`, each, for a client that reads comma separated values. */
export function secretFields({ secrets }: BuildRequest, room: string): readonly string[] {
  return secrets.map(({ id }, at) => `${csvField('id', id)},${csvField('src', secretPath(room, at))}`);
}

/** What BuildKit is to do with the image, as its options have it. */
export function outputFields(request: BuildRequest, canRewrite: boolean): readonly string[] {
  const rewrite = request.epoch !== undefined && canRewrite ? ',rewrite-timestamp=true' : '';
  const name = request.tag === undefined ? '' : `,${csvField('name', request.tag)}`;
  return request.outputs.map((output) => {
    switch (output.kind) {
      case 'layout':
        return `type=oci,tar=false,${csvField('dest', output.dir)}${name}${rewrite}`;
      case 'push':
        return `type=image,push=true${name}${request.insecure ? ',registry.insecure=true' : ''}${rewrite}`;
      case 'load':
        return `type=docker${name}${rewrite}`;
      default:
        throw new Error(`unexpected output ${JSON.stringify(output)}`);
    }
  });
}
