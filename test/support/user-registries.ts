import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes into `dir` what a person writes into `~/.config/containers/registries.conf`: where each registry is found. Gives the environment
 * that makes it the user's, without the machine's own settings and credentials. Nowhere: `undefined`, it is blocked.
 */
export async function writeUserRegistries(
  dir: string,
  places: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string>>> {
  const rules = Object.entries(places).map(([prefix, location]) =>
    [
      '[[registry]]',
      `prefix = ${JSON.stringify(prefix)}`,
      location === undefined ? 'blocked = true' : `location = ${JSON.stringify(location)}`,
      '',
    ].join('\n'),
  );
  await mkdir(join(dir, 'containers'), { recursive: true });
  await writeFile(join(dir, 'containers', 'registries.conf'), rules.join('\n'));
  return { DOCKER_CONFIG: dir, XDG_CONFIG_HOME: dir, XDG_RUNTIME_DIR: dir };
}
