/** The links of an index page, with what it says about itself. */
export interface HtmlPage {
  /** Of `<base href>`. */
  readonly base?: string;
  /** Of `<meta name="pypi:repository-version">` (PEP 629). */
  readonly repositoryVersion?: string;
  readonly anchors: readonly HtmlAttributes[];
}

/** Attributes by lower-case name, references decoded. */
export type HtmlAttributes = ReadonlyMap<string, string>;

const rawText: ReadonlySet<string> = new Set(['script', 'style', 'textarea', 'title', 'template']);

const namedReferences: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

/** Reads the start tags that matter out of an HTML page: enough for PEP 503, and linear in time on any text. */
export function parseHtmlPage(text: string): HtmlPage {
  const anchors: HtmlAttributes[] = [];
  let base: string | undefined;
  let repositoryVersion: string | undefined;
  let position = text.indexOf('<');
  while (position >= 0 && position < text.length) {
    const tag = tagAt(text, position);
    if (tag.name === 'a') anchors.push(tag.attributes);
    else if (tag.name === 'base') base ??= tag.attributes.get('href');
    else if (tag.name === 'meta' && tag.attributes.get('name')?.toLowerCase() === 'pypi:repository-version') {
      repositoryVersion ??= tag.attributes.get('content');
    }
    const next = rawText.has(tag.name) ? endOfRawText(text, tag.end, tag.name) : tag.end;
    position = text.indexOf('<', next);
  }
  return {
    ...(base === undefined ? {} : { base }),
    ...(repositoryVersion === undefined ? {} : { repositoryVersion }),
    anchors,
  };
}

interface Tag {
  /** Empty for end tags, comments and what is no tag. */
  readonly name: string;
  readonly attributes: HtmlAttributes;
  readonly end: number;
}

const noAttributes: HtmlAttributes = new Map();
const tagName = /<([A-Za-z][^\s/>]{0,100})/y;
const attribute = /[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/y;
const tagEnd = /[\s/]*>/y;

/** The start tag at a `<`; anything else is passed over with an empty name. */
function tagAt(text: string, position: number): Tag {
  if (text.startsWith('<!--', position)) {
    const close = text.indexOf('-->', position + 4);
    return { name: '', attributes: noAttributes, end: close < 0 ? text.length : close + 3 };
  }
  tagName.lastIndex = position;
  const name = tagName.exec(text)?.[1]?.toLowerCase();
  if (name === undefined) return { name: '', attributes: noAttributes, end: position + 1 };
  const attributes = new Map<string, string>();
  let at = position + 1 + name.length;
  for (;;) {
    tagEnd.lastIndex = at;
    if (tagEnd.test(text)) return { name, attributes, end: tagEnd.lastIndex };
    attribute.lastIndex = at;
    const match = attribute.exec(text);
    // Not closed, or torn: what was read so far counts, and reading goes on behind it.
    if (match === null) return { name, attributes, end: Math.max(at, position + 1) };
    const key = (match[1] ?? '').toLowerCase();
    if (!attributes.has(key)) attributes.set(key, decodeReferences(match[2] ?? match[3] ?? match[4] ?? ''));
    at = attribute.lastIndex;
  }
}

function endOfRawText(text: string, from: number, name: string): number {
  const close = new RegExp(`</${name}`, 'gi');
  close.lastIndex = from;
  return close.exec(text)?.index ?? text.length;
}

function decodeReferences(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));/gi,
    (all, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return namedReferences[name.toLowerCase()] ?? all;
      const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return point > 0 && point <= 0x10_ff_ff ? String.fromCodePoint(point) : all;
    },
  );
}
