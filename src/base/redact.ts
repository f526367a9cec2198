const urlPattern = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/@'"`<>]*@)?([^\s?#'"`<>]*)(\?[^\s#'"`<>]*)?/gi;
const headerPattern =
  /\b(authorization|proxy-authorization|cookie|set-cookie|private-token)(["']?\s*[:=]\s*["']?)[^\r\n"']+/gi;

/** Query parameters whose values say nothing secret; every other value is removed. */
const publicParameters = new Set(['n', 'last', 'scope', 'service', 'tag', 'from', 'mount', 'format']);

function redactQuery(query: string): string {
  const parts = query.slice(1).split('&');
  return `?${parts
    .map((part) => {
      const [name = ''] = part.split('=', 1);
      return publicParameters.has(name) || !part.includes('=') ? part : `${name}=…`;
    })
    .join('&')}`;
}

/** Removes user information, unknown query values and credential headers from text that will be shown or logged. */
export function redact(text: string): string {
  return text
    .replace(urlPattern, (_all, scheme: string, user: string | undefined, rest: string, query: string | undefined) => {
      return `${scheme}${user === undefined ? '' : '…@'}${rest}${query === undefined ? '' : redactQuery(query)}`;
    })
    .replace(headerPattern, '$1$2…');
}
