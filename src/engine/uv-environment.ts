import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { type IndexConfig, withUserInfo } from '../python/index-config.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment in which uv finds what pip is configured with, where uv itself is configured with nothing. Credentials
 * go this way, so that none is ever an argument that others can see.
 */
export async function uvEnvironment(env: Environment, version: string, index?: IndexConfig): Promise<Environment> {
  const certificate = firstOf(env, 'SSL_CERT_FILE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE') ?? index?.certificate;
  return {
    ...env,
    ...(index === undefined ? {} : await indexVariables(env, index)),
    ...(certificate === undefined ? {} : { SSL_CERT_FILE: certificate }),
    ...systemCertificates(env, version),
    UV_PYTHON_DOWNLOADS: 'never',
    UV_NO_PROGRESS: '1',
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    CLICOLOR_FORCE: undefined,
  };
}

function systemCertificates(env: Environment, version: string): Environment {
  if (firstOf(env, 'UV_SYSTEM_CERTS', 'UV_NATIVE_TLS') !== undefined) return {};
  return /^0\.([0-9]|10)\./.test(version) ? { UV_NATIVE_TLS: 'true' } : { UV_SYSTEM_CERTS: 'true' };
}

async function indexVariables(env: Environment, index: IndexConfig): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  const set = (
    field: keyof IndexConfig,
    name: string,
    value: string | undefined,
    ...others: readonly string[]
  ): void => {
    if (value === undefined || value === '' || isOfUv(index, field)) return;
    if (firstOf(env, name, ...others) === undefined) variables[name] = value;
  };
  const url = index.indexUrl;
  set('indexUrl', 'UV_DEFAULT_INDEX', url === undefined ? undefined : withCredentials(index, url), 'UV_INDEX_URL');
  const extra = index.extraIndexUrls.map((one) => withCredentials(index, one));
  set('extraIndexUrls', 'UV_INDEX', extra.join(' '), 'UV_EXTRA_INDEX_URL');
  set('findLinks', 'UV_FIND_LINKS', (await usableFindLinks(index)).join(','));
  set('trustedHosts', 'UV_INSECURE_HOST', index.trustedHosts.join(' '));
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY'])
    set('proxy', name, index.proxy, name.toLowerCase(), 'ALL_PROXY', 'all_proxy');
  return variables;
}

/** pip passes over a folder that is not there; uv stops at it. */
async function usableFindLinks(index: IndexConfig): Promise<string[]> {
  const usable: string[] = [];
  for (const link of index.findLinks) {
    if (!isAbsolute(link)) usable.push(withCredentials(index, link));
    else if (await isThere(link)) usable.push(link);
  }
  return usable;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) !== undefined) return false;
    throw error;
  }
}

/** Whether a setting came from uv's own configuration, which uv reads itself. */
function isOfUv(index: IndexConfig, field: string): boolean {
  const source = index.sources[field];
  return source !== undefined && /(^|[^a-z])uv([^a-z]|$)/i.test(`${source.file ?? ''} ${source.rule}`);
}

function withCredentials(index: IndexConfig, address: string): string {
  return withUserInfo(address, index.credentials(address));
}

function firstOf(env: Environment, ...names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
}
