import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context, HttpConnection } from '../base/context.ts';
import { systemErrorCode, TareError } from '../base/errors.ts';

/** Where docker and podman keep certificates for one registry each, by `HOST[:PORT]`. */
export function certificateFolders({ env, home }: Pick<Context, 'env' | 'home'>, host: string): readonly string[] {
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config');
  return [
    join(config, 'containers', 'certs.d', host),
    join(config, 'docker', 'certs.d', host),
    join('/etc', 'containers', 'certs.d', host),
    join('/etc', 'docker', 'certs.d', host),
  ];
}

/**
 * What the folders of a registry hold (docker, "Verify repository client with certificates"; containers-certs.d(5)): authorities in `*.crt`,
 * what this side shows in `*.cert` with its `*.key`. Throws `REGISTRY_CERTIFICATE_INVALID`.
 */
export async function readCertificateFolders(
  folders: readonly string[],
): Promise<Pick<HttpConnection, 'authorities' | 'client'>> {
  const authorities: string[] = [];
  let client: HttpConnection['client'];
  for (const folder of folders) {
    for (const name of await namesIn(folder)) {
      const path = join(folder, name);
      if (name.endsWith('.crt')) authorities.push(await readPem(path, 'CERTIFICATE'));
      else if (name.endsWith('.cert') && client === undefined) {
        const key = path.replace(/\.cert$/, '.key');
        client = { certificate: await readPem(path, 'CERTIFICATE'), key: await readPem(key, 'PRIVATE KEY') };
      }
    }
  }
  return {
    ...(authorities.length === 0 ? {} : { authorities }),
    ...(client === undefined ? {} : { client }),
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    // Nobody has to have one, and what only root may read is not for this user.
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}

async function readPem(path: string, label: string): Promise<string> {
  const text = await readFile(path, 'latin1').catch((error: unknown) => {
    throw invalid(path, `it cannot be read (${systemErrorCode(error) ?? 'no reason given'})`, error);
  });
  if (text.includes(`${label}-----`) && text.length < 4 * 1024 * 1024) return text;
  throw invalid(path, `it holds no ${label.toLowerCase()} in PEM form`);
}

function invalid(path: string, reason: string, cause?: unknown): TareError {
  return new TareError({
    code: 'REGISTRY_CERTIFICATE_INVALID',
    message: `\`${path}\` cannot be used for the registry: ${reason}`,
    where: path,
    expected: 'authorities in `NAME.crt`, a client certificate in `NAME.cert` with `NAME.key` beside it',
    hint: 'correct the file, or move it away',
    ...(cause === undefined ? {} : { cause }),
  });
}
