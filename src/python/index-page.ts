import * as v from 'valibot';
import { type Digest, parseDigest } from '../base/digest.ts';
import { isTareError, TareError } from '../base/errors.ts';
import { type HtmlAttributes, parseHtmlPage } from './index-html.ts';
import { normalizedName } from './package-name.ts';
import { filenameOfLocation } from './requirement-location.ts';
import { isSdistFilename } from './wheel-choice.ts';
import { wheelNameOrProblem } from './wheel-name.ts';

/** One file of a project on an index or in a find-links place. */
export interface IndexFile {
  readonly filename: string;
  /** Absolute address without credentials and fragment; for local files a `file:` URL. */
  readonly url: string;
  /** Absolute path, for files of a local folder. */
  readonly localPath?: string;
  readonly sha256?: Digest;
  /** Bytes. */
  readonly size?: number;
  readonly requiresPython?: string;
  /** True or the reason where the file is yanked. */
  readonly yanked: boolean | string;
  /** Whether the index serves the wheel's METADATA beside it (PEP 658, 714), with its hash where known. */
  readonly metadata: boolean | Digest;
  /** The index or find-links entry that has it. */
  readonly index: string;
  readonly kind: 'wheel' | 'sdist' | 'other';
}

/** A page as it was answered. */
export interface IndexPage {
  /** The address that answered. */
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
  readonly index: string;
}

const hashes = v.record(v.string(), v.string());
const metadataSchema = v.nullish(v.union([v.boolean(), hashes]));

const jsonSchema = v.object({
  meta: v.object({ 'api-version': v.string() }),
  files: v.array(
    v.object({
      filename: v.string(),
      url: v.string(),
      hashes: v.optional(hashes, {}),
      'requires-python': v.nullish(v.string()),
      size: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))),
      yanked: v.nullish(v.union([v.boolean(), v.string()])),
      'core-metadata': metadataSchema,
      'dist-info-metadata': metadataSchema,
    }),
  ),
});

/** What to ask for: JSON (PEP 691), else HTML (PEP 503). */
export const indexAccept =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';

/** The files of a page, in its order. Throws `INDEX_PAGE_INVALID`. */
export function parseIndexPage(page: IndexPage): readonly IndexFile[] {
  const type = page.contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (/^application\/(?:vnd\.pypi\.simple\.(?:v1|latest)\+)?json$/.test(type)) return parseJson(page);
  if (type === 'text/html' || /^application\/(?:vnd\.pypi\.simple\.(?:v1|latest)\+html|xhtml\+xml)$/.test(type)) {
    return parseHtml(page);
  }
  throw pageInvalid(page, `it is \`${type.slice(0, 80)}\`, neither JSON nor HTML of a package index`);
}

function parseJson(page: IndexPage): readonly IndexFile[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(page.body);
  } catch (error) {
    throw pageInvalid(page, 'it is not valid JSON', error);
  }
  const result = v.safeParse(jsonSchema, parsed, { abortEarly: true });
  if (!result.success) throw pageInvalid(page, `\`${v.getDotPath(result.issues[0]) ?? '.'}\` is not as PEP 691 has it`);
  assertVersion(page, result.output.meta['api-version']);
  return result.output.files.flatMap((file) => {
    const url = absoluteUrl(file.url, page.url);
    if (url === undefined || !isPlainName(file.filename)) return [];
    const sha256 = digestOf(page, file.hashes['sha256']);
    const said = file['core-metadata'] ?? file['dist-info-metadata'] ?? false;
    const metadataDigest = typeof said === 'boolean' ? undefined : digestOf(page, said['sha256']);
    return [
      {
        filename: file.filename,
        url,
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(file.size == null ? {} : { size: file.size }),
        ...(file['requires-python'] ? { requiresPython: file['requires-python'] } : {}),
        yanked: file.yanked === '' ? true : (file.yanked ?? false),
        metadata: typeof said === 'boolean' ? said : (metadataDigest ?? true),
        index: page.index,
        kind: kindOf(file.filename),
      },
    ];
  });
}

function parseHtml(page: IndexPage): readonly IndexFile[] {
  const html = parseHtmlPage(page.body);
  if (html.repositoryVersion !== undefined) assertVersion(page, html.repositoryVersion);
  const base = html.base === undefined ? page.url : (absoluteUrl(html.base, page.url) ?? page.url);
  return html.anchors.flatMap((anchor) => {
    const href = anchor.get('href')?.trim();
    const url = href === undefined ? undefined : absoluteUrl(href, base);
    if (href === undefined || url === undefined) return [];
    const filename = filenameOfLocation(url);
    return isPlainName(filename) && kindOf(filename) !== 'other'
      ? [fileOfAnchor(page, anchor, href, url, filename)]
      : [];
  });
}

function fileOfAnchor(page: IndexPage, anchor: HtmlAttributes, href: string, url: string, filename: string): IndexFile {
  const sha256 = digestOf(page, /#(?:[^#]*&)?sha256=([0-9a-fA-F]+)/.exec(href)?.[1]);
  const requiresPython = anchor.get('data-requires-python')?.trim();
  const yanked = anchor.get('data-yanked');
  const metadata = anchor.get('data-core-metadata') ?? anchor.get('data-dist-info-metadata');
  const metadataDigest = digestOf(page, /^sha256=([0-9a-fA-F]{64})$/.exec(metadata ?? '')?.[1]);
  return {
    filename,
    url,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(requiresPython ? { requiresPython } : {}),
    yanked: yanked === undefined ? false : yanked === '' ? true : yanked,
    metadata: metadata === undefined || metadata === 'false' ? false : (metadataDigest ?? true),
    index: page.index,
    kind: kindOf(filename),
  };
}

/** Absolute, without fragment and credentials. An index has no business with other schemes, nor with local files. */
function absoluteUrl(text: string, base: string): string | undefined {
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  const allowed =
    url.protocol === 'https:' || url.protocol === 'http:' || (url.protocol === 'file:' && base.startsWith('file:'));
  if (!allowed) return undefined;
  url.hash = '';
  url.username = '';
  url.password = '';
  return url.href;
}

function isPlainName(filename: string): boolean {
  return (
    filename !== '' && filename !== '.' && filename !== '..' && !/[/\\\0]/.test(filename) && filename.length < 1000
  );
}

export function kindOf(filename: string): IndexFile['kind'] {
  return filename.endsWith('.whl') ? 'wheel' : isSdistFilename(filename) ? 'sdist' : 'other';
}

/** Whether a file is one of the project: a page of links may hold those of others. */
export function belongsTo(filename: string, name: string): boolean {
  if (filename.endsWith('.whl')) {
    const wheel = wheelNameOrProblem(filename);
    return typeof wheel !== 'string' && wheel.name === name;
  }
  const stem = normalizedName(filename.replace(/\.(?:tar\.[A-Za-z0-9]+|[A-Za-z]+)$/, ''));
  return stem.startsWith(`${name}-`) && /^[0-9v]/.test(stem.slice(name.length + 1));
}

function digestOf(page: IndexPage, hex: string | undefined): Digest | undefined {
  if (hex === undefined) return undefined;
  try {
    return parseDigest(`sha256:${hex.toLowerCase()}`);
  } catch (error) {
    if (!isTareError(error)) throw error;
    throw pageInvalid(page, `\`${hex.slice(0, 80)}\` is not a SHA-256 hash`);
  }
}

function assertVersion(page: IndexPage, version: string): void {
  if (!/^1\.\d+$/.test(version)) throw pageInvalid(page, `its API version is \`${version.slice(0, 20)}\`, not 1`);
}

function pageInvalid(page: IndexPage, reason: string, cause?: unknown): TareError {
  return new TareError({
    code: 'INDEX_PAGE_INVALID',
    message: `the page of the package index cannot be read: ${reason}`,
    where: page.url,
    hint: 'check the address of the index (PIP_INDEX_URL, UV_DEFAULT_INDEX, pip.conf, uv.toml): it usually ends in `/simple/`',
    ...(cause === undefined ? {} : { cause }),
  });
}
