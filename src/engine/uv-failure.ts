import { stripVTControlCharacters } from 'node:util';
import { TareError } from '../base/errors.ts';

const networkSigns =
  /error sending request|connection (refused|reset|timed out|aborted)|dns error|timed out|network is unreachable|temporary failure in name|could not connect|max retries exceeded|newconnectionerror|connection broken|could not fetch url|proxyerror|status (server )?(error|code)[^\n]*\b(429|5\d\d)\b/i;
const certificateSigns = /certificate|unknownissuer|tls handshake/i;
const accessSigns = /\b(401|403)\b|unauthorized|forbidden/i;
const explanationLimit = 6000;

/** Whether what pip or uv says looks like the network, so that trying again may help. */
export function isNetworkFailure(text: string): boolean {
  return networkSigns.test(text) && !certificateSigns.test(text);
}

/** uv's explanation as plain lines, without its drawing, and its hints apart. */
export function parseUvFailure(stderr: string): { readonly explanation: string; readonly hints: readonly string[] } {
  const lines: string[] = [];
  const hints: string[] = [];
  for (const raw of stripVTControlCharacters(stderr).split(/\r?\n/)) {
    const line = raw.replace(/^\s*(×|╰─▶|├─▶|│)\s?/u, '').trimEnd();
    const hint = /^\s*hint: (.*)$/.exec(line)?.[1];
    if (hint !== undefined) hints.push(hint);
    else if (line.trim() !== '' && !/^warning: /.test(line)) lines.push(line.replace(/^error: /, ''));
  }
  // Under its drawing of a tree uv indents what it wrapped.
  if (stderr.includes('─▶')) for (const [index, line] of lines.entries()) lines[index] = line.replace(/^ {6}/, '');
  return { explanation: lines.join('\n').slice(0, explanationLimit), hints };
}

/** What uv says turned into an error that says what to do: `RESOLVE_IMPOSSIBLE` where there is no set of versions, else `RESOLVE_FAILED`. */
export function resolveFailed(stderr: string, target: string, offline: boolean): TareError {
  const { explanation, hints } = parseUvFailure(stderr);
  const kind = failureKind(stderr, offline);
  return new TareError({
    code: kind.isAnswer === true ? 'RESOLVE_IMPOSSIBLE' : 'RESOLVE_FAILED',
    message: `${kind.message} (for ${target})\n${indent(explanation === '' ? 'uv gives no reason' : explanation)}`,
    hint: [kind.hint, ...hints.map((hint) => `uv: ${hint}`)].join('\n'),
    transient: kind.transient,
  });
}

interface FailureKind {
  readonly message: string;
  readonly hint: string;
  readonly transient: boolean;
  /** uv has looked at everything: it is so. */
  readonly isAnswer?: true;
}

function failureKind(stderr: string, offline: boolean): FailureKind {
  if (certificateSigns.test(stderr)) {
    return {
      message: 'uv does not trust the certificate of the package index',
      hint: 'set SSL_CERT_FILE (or PIP_CERT) to the file of the certificate authority that your network uses',
      transient: false,
    };
  }
  if (isNetworkFailure(stderr)) {
    return {
      message: 'uv does not reach the package index',
      hint: 'try again; behind a proxy set HTTPS_PROXY, and where your index is another set it for uv or pip',
      transient: true,
    };
  }
  if (accessSigns.test(stderr)) {
    return {
      message: 'the package index refuses access',
      hint: 'give uv or pip the credentials of the index: in its address, in netrc, or UV_INDEX_NAME_USERNAME and _PASSWORD',
      transient: false,
    };
  }
  if (offline && /cache|offline|network was disabled/i.test(stderr)) {
    return {
      message: 'the requirements cannot be resolved without the network',
      hint: 'run once without --offline, or commit a lock',
      transient: false,
    };
  }
  if (/no (usable )?wheels|wheels with a matching|building from source is disabled/i.test(stderr)) {
    return {
      message: 'uv finds no set of versions that all have wheels',
      hint: 'choose another version or Python for which there is a wheel, or put a wheel that you built yourself into a folder that PIP_FIND_LINKS names',
      transient: false,
      isAnswer: true,
    };
  }
  if (/couldn't parse|failed to parse|expected one of/i.test(stderr)) {
    return {
      message: 'uv cannot read the requirements',
      hint: 'correct the line that it shows (PyPA specification "Dependency specifiers")',
      transient: false,
    };
  }
  return {
    message: 'uv finds no set of versions that fits',
    hint: 'change the requirement that it names, then run `tare plan` to see the result',
    transient: false,
    ...(/no solution found/i.test(stderr) ? { isAnswer: true } : {}),
  };
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
