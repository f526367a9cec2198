import * as v from 'valibot';
import type { HttpResponse } from '../base/context.ts';
import { TareError, type TareErrorFields } from '../base/errors.ts';
import { readBytes } from '../http/read-text.ts';

/** What a registry says of a failure (distribution specification, "Error Codes"). */
export interface RegistryComplaint {
  /** `BLOB_UNKNOWN`; empty where it says none. */
  readonly code: string;
  readonly message: string;
}

const complaintSchema = v.object({
  errors: v.pipe(
    v.array(v.object({ code: v.optional(v.string(), ''), message: v.optional(v.nullable(v.string()), '') })),
    v.minLength(1),
  ),
});
const largestComplaint = 64 * 1024;

/** Reads the body of a failing answer: never throws, never more than a screen, and none of `secrets`. */
export async function readComplaint(
  response: HttpResponse,
  secrets: readonly string[],
): Promise<RegistryComplaint | undefined> {
  try {
    const text = new TextDecoder().decode(await readBytes(response, largestComplaint));
    const parsed = v.safeParse(complaintSchema, JSON.parse(text));
    const [first] = parsed.success ? parsed.output.errors : [];
    if (first === undefined) return undefined;
    const hide = (text: string): string => secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
    return { code: oneLine(hide(first.code)).slice(0, 60), message: oneLine(hide(first.message ?? '')) };
  } catch {
    return undefined;
  }
}

/** Reads an answer that says nothing of use to its end, so that the connection can be used again. */
export async function drain(response: HttpResponse): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > largestComplaint) return;
    }
  } catch {
    // The status was all that mattered.
  }
}

function oneLine(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
    .slice(0, 200);
}

/** What was tried, for the message of an error. */
export interface Attempt {
  /** `registry.example:5000`. */
  readonly registry: string;
  /** `the manifest of team/app:1.0`. */
  readonly object: string;
  /** `read`, `write`. */
  readonly verb: 'read' | 'write';
}

/** The error for a status that ends the attempt. */
export function refusalOf(
  response: Pick<HttpResponse, 'status' | 'url' | 'header'>,
  complaint: RegistryComplaint | undefined,
  attempt: Attempt,
): TareError {
  const { registry, object, verb } = attempt;
  const said = complaint === undefined ? '' : `: ${[complaint.code, complaint.message].filter(Boolean).join(', ')}`;
  const common = { where: response.url, actual: `${response.status}${said}` };
  const done = verb === 'read' ? 'read' : 'written';
  return new TareError({ ...common, ...reasonFor(response, complaint, { registry, object, verb, done }) });
}

interface Words extends Attempt {
  readonly done: string;
}

function reasonFor(
  { status, header }: Pick<HttpResponse, 'status' | 'header'>,
  complaint: RegistryComplaint | undefined,
  { registry, object, verb, done }: Words,
): Pick<TareErrorFields, 'code' | 'message' | 'hint' | 'transient'> {
  if (status === 405 || (complaint?.code === 'UNSUPPORTED' && verb === 'write')) {
    return {
      code: 'REGISTRY_READ_ONLY',
      message: `${registry} does not take images: ${object} cannot be ${done}`,
      hint: 'push to a registry that can be written; this one is a mirror, or in maintenance',
    };
  }
  if (status === 401 || status === 403) {
    return {
      code: 'REGISTRY_DENIED',
      message: `${registry} does not allow that ${object} is ${done}`,
      hint: `check the name of the image, and that the account may ${verb} there: \`tare login ${registry}\` with another one`,
    };
  }
  if (status === 404) {
    return {
      code: 'REGISTRY_NOT_FOUND',
      message: `${registry} has no place for ${object}`,
      hint: 'check the name of the image; some registries want a repository to be made first',
    };
  }
  if (status === 413) {
    return {
      code: 'REGISTRY_TOO_LARGE',
      message: `${registry} does not take ${object}: it is too large`,
      hint: 'raise the limit of the registry or of the proxy before it (`client_max_body_size` in nginx)',
    };
  }
  if (status === 429) {
    const wait = header('retry-after');
    return {
      code: 'REGISTRY_BUSY',
      message: `${registry} was asked too often: ${object} cannot be ${done} now`,
      hint: `try again ${wait !== undefined && /^\d{1,6}$/.test(wait) ? `in ${wait} seconds` : 'later'}, or sign in with \`tare login ${registry}\``,
      transient: true,
    };
  }
  const isTransient = status >= 500 || status === 408 || status === 425;
  return {
    code: 'REGISTRY_FAILED',
    message: `${registry} failed: ${object} could not be ${done}`,
    hint: isTransient ? 'try again later' : 'the registry refuses what it was sent; its log tells more',
    transient: isTransient,
  };
}
