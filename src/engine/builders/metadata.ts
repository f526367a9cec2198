import * as v from 'valibot';
import { readTextIfThere } from '../../base/atomic-file.ts';
import type { BuildOutcome } from './types.ts';

const schema = v.object({
  'containerimage.digest': v.optional(v.string()),
  'containerimage.config.digest': v.optional(v.string()),
});

/** What BuildKit's clients write about the image (`--metadata-file`). */
export async function readMetadata(file: string): Promise<BuildOutcome> {
  const parsed = v.safeParse(schema, parseOrUndefined((await readTextIfThere(file)) ?? '{}'));
  if (!parsed.success) return {};
  const { 'containerimage.digest': digest, 'containerimage.config.digest': imageId } = parsed.output;
  return { ...(digest === undefined ? {} : { digest }), ...(imageId === undefined ? {} : { imageId }) };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
