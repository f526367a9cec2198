import { resolve } from 'node:path';
import type { Command } from 'commander';
import { renderBuildText } from '../../report/build-text.ts';
import { renderLoadText } from '../../report/load-text.ts';
import { renderPushText } from '../../report/registry-text.ts';
import { runEngineBuild } from '../engine-build.ts';
import { addEngineOptions, type EngineFlags, engineWish } from '../engine-options.ts';
import { type LoadFlags, loadWish } from '../load-options.ts';
import { addLockOptions, type LockFlags, lockWish } from '../lock-options.ts';
import { addImageOptions, addSharedOptions, imageConfig, type ImageFlags } from '../options.ts';
import { shortenOutput } from '../places.ts';
import { addInsecureOption, registryOptions } from '../registry-options.ts';
import type { CliHost } from '../run-cli.ts';
import { openSession } from '../session.ts';

interface BuildFlags extends ImageFlags, LockFlags, LoadFlags, EngineFlags {
  readonly push?: boolean;
  readonly insecure?: boolean;
}

const examples = `
Examples:
  tare build                                   the application here, to .tare/image (an OCI layout)
  tare build shop --platform linux/amd64,linux/arm64
  tare build -o docker-archive:shop.tar && docker load -i shop.tar
  tare build -t registry.example/team/shop:1.0 --push
  tare build -t shop:1.0 --load                into docker, podman or containerd: what it lacks moves
  tare build --engine auto                     by a Dockerfile, with docker, podman or what is there
  tare build --engine buildx --builder fleet --platform linux/amd64,linux/arm64 -t registry.example/shop:1 --push
  tare build --json | jq .digest`;

export function addBuildCommand(program: Command, host: CliHost): void {
  const command = program
    .command('build')
    .description('build the image of an application, with no daemon and nothing executed')
    .argument('[directory]', 'folder of the application', '.')
    .option(
      '-o, --output <where>',
      'oci:DIR, oci-archive:FILE, docker-archive:FILE or rootfs:DIR; none with --push alone',
    )
    .option('-t, --tag <name>', 'name of the image in the output, for example shop:1.0')
    .option('--push', 'push the image to the registry that its tag names')
    .option(
      '--load [engine]',
      'give the image to docker, podman or containerd: the first that answers, or --load=podman',
    )
    .option('--json', 'print one JSON object on stdout');
  addInsecureOption(addLockOptions(addEngineOptions(addSharedOptions(addImageOptions(command)))))
    .addHelpText('after', examples)
    .action(async (named: string, flags: BuildFlags, { args }: Command) => {
      const { directory, load } = loadWish(flags, args.length === 0 ? undefined : named);
      const engineBuild = engineWish(flags);
      const { build } = await import('../../api/build.ts');
      const { outputBesidesPush } = await import('../../api/image/place.ts');
      const { loadImages, openLoadEngine } = await import('../../api/load.ts');
      const { assertPushTag, pushImages } = await import('../../api/push.ts');
      const cwd = process.cwd();
      const session = openSession(flags, host);
      try {
        const wish = lockWish(flags, cwd);
        const folder = resolve(cwd, directory);
        const config = imageConfig(flags, cwd);
        if (engineBuild !== undefined) {
          const asked = { push: flags.push === true, lock: wish, ...(load === undefined ? {} : { load }) };
          const options = { ...engineBuild, ...asked, insecure: flags.insecure === true };
          const isPlain = flags.progress === 'plain';
          const call = { directory, options, cwd, isJson: flags.json === true, isPlain };
          await runEngineBuild({ ...call, config }, session);
          return;
        }
        if (flags.push === true) await assertPushTag(folder, config, session.context);
        const engine = load === undefined ? undefined : await openLoadEngine(session.context, load.engine);
        const wanted = flags.push === true ? { ...config, defaultOutput: await outputBesidesPush(folder) } : config;
        const built = await build(folder, wanted, session.context, wish);
        const { report, plan } = built;
        const loaded =
          engine === undefined ? undefined : await loadImages(built.images, built.name, engine, session.context);
        const pushed =
          flags.push === true
            ? await pushImages(built.images, built.name, registryOptions(flags), session.context)
            : undefined;
        session.close();
        process.stdout.write(
          flags.json === true
            ? `${JSON.stringify({ ...report, loaded, pushed }, undefined, 2)}\n`
            : `${renderBuildText(report, plan, placeText(report.output, cwd))}\n`,
        );
        if (flags.json !== true && loaded !== undefined) process.stdout.write(`\n${renderLoadText(loaded)}\n`);
        if (flags.json !== true && pushed !== undefined) process.stdout.write(`\n${renderPushText(pushed)}\n`);
      } finally {
        session.close();
      }
    });
}

/** Where the image is, as the last line says it. */
function placeText(output: string, cwd: string): string {
  return output === 'none' ? 'built' : shortenOutput(output, cwd);
}
