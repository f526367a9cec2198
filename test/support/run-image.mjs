// Runs an image in a process of its own, so that a test can signal and kill it: `node run-image.mjs REQUEST.json`.
import { cp, readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const { module, cacheDir, rootfs, archive, request } = JSON.parse(await readFile(process.argv[2], 'utf8'));
const { runImage } = await import(pathToFileURL(module).href);
const say = (level) => (message) => process.stderr.write(`${level}: ${message}\n`);
const context = {
  env: process.env,
  home: process.env.HOME ?? '/',
  cacheDir,
  workers: 1,
  offline: false,
  refresh: false,
  now: () => new Date(),
  signal: new AbortController().signal,
  log: { warn: say('warn'), info: say('info'), debug: say('debug') },
  progress: { start: () => ({ advance: () => undefined, done: () => undefined }) },
  http: { request: () => Promise.reject(new Error('not used')) },
  host: { platform: process.platform, arch: process.arch },
};
try {
  const result = await runImage(context, {
    ...request,
    unpackRootfs: async (dir) => void execFileSync('cp', ['-a', `${rootfs}/.`, dir]),
    writeDockerArchive: (file) => cp(archive, file),
  });
  process.stderr.write(`result: ${JSON.stringify(result)}\n`);
  process.exitCode = result.exitCode;
} catch (error) {
  process.stderr.write(`error[${error.code ?? error.stack}]: ${error.message}\n`);
  process.exitCode = 99;
}
