import { limits } from '../base/limits.ts';

/** Why a path never enters an image. */
export interface Verdict {
  /** A secret is always named, and only an exact `include` brings it in. */
  readonly kind: 'secret' | 'cache' | 'build';
  /** The path, or the folder (ending in `/`) that is left out with it. */
  readonly path: string;
  readonly rule: string;
}

const cacheFolders: Readonly<Record<string, string>> = {
  '.git': 'the history of git',
  '.hg': 'the history of Mercurial',
  '.svn': 'the history of Subversion',
  '.tare': "tare's own folder",
  '.venv': 'a virtual environment',
  __pycache__: 'a cache of bytecode',
  '.mypy_cache': 'a cache of mypy',
  '.pytest_cache': 'a cache of pytest',
  '.ruff_cache': 'a cache of ruff',
  '.tox': 'environments of tox',
  '.nox': 'environments of nox',
};

const secretFolders: Readonly<Record<string, string>> = {
  '.aws': 'credentials of AWS',
  '.ssh': 'keys of SSH',
  '.gnupg': 'keys of GnuPG',
  '.kube': 'credentials of Kubernetes',
};

const buildFolders: Readonly<Record<string, string>> = {
  '.github': 'only needed to develop',
  '.gitlab': 'only needed to develop',
  '.devcontainer': 'only needed to develop',
};

const secretFiles: readonly (readonly [RegExp, string])[] = [
  [/^\.env(?:[._-].*|rc)?$/, 'may hold secrets'],
  [/^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?(?:[._-].*)?$/, 'a private key'],
  [/\.(?:key|p12|pfx|jks|keystore|ppk)$/i, 'a private key or key store'],
  [/^[._]netrc$/, 'credentials'],
  [/^\.(?:pypirc|git-credentials|pgpass|my\.cnf|htpasswd)$/, 'credentials'],
];

/** Templates of `.env` files hold no secrets; neither does a public key. */
const harmlessFiles: readonly RegExp[] = [/^\.env\.(?:example|sample|template|dist)$/, /^id_.*\.(?:pub|py|pyi)$/];

const cacheFiles: readonly (readonly [RegExp, string])[] = [
  [/\.py[co]$/, 'bytecode, made anew from its source: `include` it where there is none'],
  [/^\.DS_Store$/, 'a file of the macOS Finder'],
  [/^\.coverage(?:\..*)?$/, 'a result of coverage'],
];

const buildFiles: readonly RegExp[] = [
  /^(?:.*\.)?(?:Dockerfile|Containerfile)(?:\..*)?$/i,
  /^\.(?:dockerignore|containerignore|gitignore|gitattributes|gitmodules|git-blame-ignore-revs|gitlab-ci\.yml)$/,
  /^(?:docker-)?compose(?:[.-].*)?\.ya?ml$/,
  /^tare\.(?:toml|lock)$/,
  /^(?:uv|poetry|pdm)\.lock$|^Pipfile(?:\.lock)?$|^pylock(?:\.[^.]+)?\.toml$/,
  /^\.git$/,
];

/** Judges a path by its names alone. */
export function judgeName(path: string): Verdict | undefined {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  let folder = '';
  for (const part of parts) {
    folder += `${part}/`;
    const verdict = judgeFolder(part, folder);
    if (verdict !== undefined) return verdict;
  }
  return judgeFile(name, path, parts.at(-1));
}

function judgeFolder(name: string, path: string): Verdict | undefined {
  if (Object.hasOwn(cacheFolders, name)) return { kind: 'cache', path, rule: cacheFolders[name] ?? '' };
  if (Object.hasOwn(secretFolders, name)) return { kind: 'secret', path, rule: secretFolders[name] ?? '' };
  if (Object.hasOwn(buildFolders, name)) return { kind: 'build', path, rule: buildFolders[name] ?? '' };
  if (name.endsWith('.egg-info')) return { kind: 'cache', path, rule: 'metadata of a development installation' };
  if (/^\.env(?:\..*)?$/.test(name)) return { kind: 'secret', path, rule: 'may hold secrets' };
  return undefined;
}

function judgeFile(name: string, path: string, parent: string | undefined): Verdict | undefined {
  if (harmlessFiles.some((pattern) => pattern.test(name))) return undefined;
  if (parent === '.docker' && name === 'config.json')
    return { kind: 'secret', path, rule: 'credentials of registries' };
  for (const [pattern, rule] of secretFiles) if (pattern.test(name)) return { kind: 'secret', path, rule };
  for (const [pattern, rule] of cacheFiles) if (pattern.test(name)) return { kind: 'cache', path, rule };
  if (buildFiles.some((pattern) => pattern.test(name))) return { kind: 'build', path, rule: 'only needed to build' };
  // A link may stand where a folder of this name is usual.
  return judgeFolder(name, path);
}

const keyFile = /\.(?:pem|crt|cer|asc)$/i;
const accountFile = /\.json$/i;
/** What pip reads. */
const requirementsFile =
  /(?:^|\/)(?:(?:requirements|constraints)[^/]*|requirements\/[^/]+)\.(?:txt|in)$|(?:^|\/)pip\.(?:conf|ini)$/i;
/** What uv, Poetry, PDM and Pipenv read and write: TOML and JSON. */
const manifestFile =
  /(?:^|\/)(?:(?:pyproject|uv|poetry|\.?pdm|pylock(?:\.[^./]+)?)\.toml|(?:uv|poetry|pdm)\.lock|Pipfile(?:\.lock)?)$/;
/** User name and password of an address (RFC 3986, 3.2.1). */
const userInfo = /\bhttps?:\/\/([^\s/?#@]+)@/gi;
/** The same where addresses stand in quotes, and another string with an `@` may follow. */
const quotedUserInfo = /'https?:\/\/([^\s/?#@']+)@|(?<!')\bhttps?:\/\/([^\s/?#@"]+)@/gi;
/** Written by `poetry config --local http-basic.NAME` and `pypi-token.NAME`; in a comment, too. */
const poetryCredentials = /^[^\n=]*\b(?:http-basic|pypi-token)\b/m;
/** A service account's file is about 2.4 kB, a bundle of certificates with its key a few hundred kB. */
const largestAccountFile = 16 * 1024;
const largestKeyFile = 1024 * 1024;

/** True where only a look at the content tells whether this is a secret. */
export function needsContent(path: string, size: number): boolean {
  if (accountFile.test(path)) return size <= largestAccountFile;
  if (manifestFile.test(path)) return size <= (path.endsWith('.lock') ? limits.lockFile : limits.projectFile);
  return (keyFile.test(path) || requirementsFile.test(path)) && size <= largestKeyFile;
}

/** Judges a file by its content. */
export function judgeContent(path: string, text: string): Verdict | undefined {
  if (keyFile.test(path)) {
    const isKey = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/.test(text);
    return isKey ? { kind: 'secret', path, rule: 'holds a private key' } : undefined;
  }
  if (requirementsFile.test(path) || manifestFile.test(path)) {
    if (hasSignedAddress(path, text)) return { kind: 'secret', path, rule: 'an address with a password' };
    const isPoetrys = /(?:^|\/)poetry\.toml$/.test(path) && poetryCredentials.test(text);
    return isPoetrys ? { kind: 'secret', path, rule: 'credentials of indexes' } : undefined;
  }
  const isAccount =
    /"private_key"\s*:\s*"-----BEGIN/.test(text) ||
    /"type"\s*:\s*"authorized_user"[^]*"refresh_token"|"refresh_token"[^]*"type"\s*:\s*"authorized_user"/.test(text);
  return isAccount ? { kind: 'secret', path, rule: 'credentials of a cloud account' } : undefined;
}

/**
 * A name alone may be a token, but for `git`, which every host of repositories takes. What installers take from their environment is
 * none: `${TOKEN}`, for Pipenv `$TOKEN`, too.
 */
function hasSignedAddress(path: string, text: string): boolean {
  const pattern = manifestFile.test(path) ? quotedUserInfo : userInfo;
  for (const [, single, double] of text.matchAll(pattern)) {
    const [user = '', password = ''] = (single ?? double ?? '').split(/:(.*)/s);
    const word = password === '' ? user.replace(/^git$/, '') : password;
    if (word.replaceAll(/\$\{\w+\}|\$[A-Z_][A-Z0-9_]*/g, '') !== '') return true;
  }
  return false;
}
