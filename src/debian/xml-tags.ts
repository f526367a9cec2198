/** A tag of an XML document: text, comments and declarations are not told. */
export interface XmlTag {
  readonly name: string;
  /** `whole`: it ends itself. */
  readonly kind: 'start' | 'end' | 'whole';
  readonly attributes: ReadonlyMap<string, string>;
}

const mostTags = 1_000_000;

/**
 * The tags of a document in their order (XML 1.0, 3.1), for files of known packages: entities are the five of XML and
 * characters by number, nothing is loaded. What is not a tag is passed over.
 */
export function readXmlTags(text: string): readonly XmlTag[] {
  const tags: XmlTag[] = [];
  for (let at = text.indexOf('<'); at >= 0 && tags.length < mostTags; at = text.indexOf('<', at)) {
    const rest = text.slice(at, at + 9);
    if (rest.startsWith('<!--')) at = after(text, '-->', at + 4);
    else if (rest.startsWith('<![CDATA[')) at = after(text, ']]>', at + 9);
    else if (rest.startsWith('<?')) at = after(text, '?>', at + 2);
    else if (rest.startsWith('<!')) at = declarationEnd(text, at + 2);
    else {
      const end = tagEnd(text, at + 1);
      const tag = parseTag(text.slice(at + 1, end));
      if (tag !== undefined) tags.push(tag);
      at = end + 1;
    }
  }
  return tags;
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found + mark.length;
}

/** After a `<!DOCTYPE …>` with what it has in brackets. */
function declarationEnd(text: string, from: number): number {
  const bracket = text.indexOf('[', from);
  const end = text.indexOf('>', from);
  return bracket >= 0 && bracket < end ? after(text, ']>', bracket) : after(text, '>', from);
}

/** Where the `>` stands that is not in a quoted value. */
function tagEnd(text: string, from: number): number {
  let quote = '';
  for (let at = from; at < text.length; at++) {
    const char = text[at] ?? '';
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '>') return at;
  }
  return text.length;
}

function parseTag(text: string): XmlTag | undefined {
  const match = /^(\/?)([A-Za-z_][\w:.-]*)/.exec(text);
  if (match === null) return undefined;
  const attributes = new Map<string, string>();
  for (const [, key = '', double, single] of text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    attributes.set(key, decode(double ?? single ?? ''));
  }
  const kind = match[1] === '/' ? 'end' : text.endsWith('/') ? 'whole' : 'start';
  return { name: match[2] ?? '', kind, attributes };
}

const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decode(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return entities.get(name) ?? whole;
      const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );
}
