import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { TareError } from '../base/errors.ts';
import type { InlineConfig } from '../config/schema.ts';

/** Flags that `build`, `plan` and `run` share, as commander gives them. */
export interface SharedFlags {
  readonly platform?: readonly string[];
  readonly python?: string;
  readonly entrypoint?: string;
  readonly port?: number;
  readonly extra?: readonly string[];
  readonly group?: readonly string[];
  readonly tag?: string;
  readonly output?: string;
  readonly strict?: boolean;
  readonly base?: string;
  readonly systemPolicy?: 'needed' | 'depends';
  readonly systemPackage?: readonly string[];
  readonly excludeSystemPackage?: readonly string[];
  readonly allow?: readonly string[];
  readonly buildWheels?: 'auto' | 'never' | readonly string[];
  readonly buildPackage?: readonly string[];
  readonly mirror?: string;
  readonly bytecode?: 'all' | 'app' | 'none';
  readonly sources?: 'keep' | 'strip';
  readonly keepSource?: readonly string[];
  readonly stripSource?: readonly string[];
  readonly debug?: boolean;
  readonly caCertificate?: readonly string[];
  readonly offline?: boolean;
  readonly refresh?: boolean;
  readonly workers?: number;
  readonly cacheDir?: string;
  readonly progress?: 'auto' | 'tty' | 'plain' | 'none';
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** Flags of `build` and `plan` alone: `run` has its own of these names for the container. */
export interface ImageFlags extends SharedFlags {
  readonly user?: string;
  readonly workdir?: string;
  readonly env?: readonly string[];
  readonly label?: readonly string[];
  readonly readOnly?: boolean;
}

export function addImageOptions(command: Command): Command {
  return command
    .option('--user <uid[:gid]>', 'user of the image, in numbers, or root')
    .option('--workdir <folder>', 'working folder in the image')
    .option('--env <name=value>', 'an environment variable of the image (repeatable)', collect)
    .option('--label <name=value>', 'a label of the image (repeatable)', collect)
    .option('--read-only', 'the image will run with a root that cannot be written: caches go to /tmp');
}

export function addSharedOptions(command: Command): Command {
  return command
    .option('--platform <list>', 'platforms, comma separated (linux/amd64, linux/arm64)', splitList)
    .option('--python <version>', 'Python to use, for example 3.13')
    .option('--entrypoint <module:attribute>', 'the application, for example shop.main:app')
    .option('--port <number>', 'port that the application listens on', parsePositive)
    .option('--extra <name>', 'an extra of the project to install (repeatable)', collect)
    .option('--group <name>', 'a dependency group to install (repeatable)', collect)
    .option('--base <where>', 'docker://REF or oci:DIR to build on an image, debian (default), or standalone')
    .option('--system-package <name>', 'a Debian package to add (repeatable)', collect)
    .option('--exclude-system-package <name>', 'a Debian package that is never added (repeatable)', collect)
    .option(
      '--system-policy <policy>',
      'needed (default) or depends: how far Debian packages are followed',
      oneOf('needed', 'depends'),
    )
    .option(
      '--build-wheels <which>',
      'auto (default), never, or names: what may be built from source where it has no wheel',
      (text) => (text === 'auto' || text === 'never' ? text : splitList(text)),
    )
    .option('--build-package <name>', 'a Debian package to build wheels with, beside a compiler (repeatable)', collect)
    .option('--bytecode <what>', 'all (default), app or none: what is compiled ahead', oneOf('all', 'app', 'none'))
    .option(
      '--sources <mode>',
      'keep (default) or strip: leave the application’s sources out where bytecode is enough',
      oneOf('keep', 'strip'),
    )
    .option('--keep-source <pattern>', 'files of the application that stay sources (repeatable)', collect)
    .option('--strip-source <pattern>', 'files that are stripped although something needs them (repeatable)', collect)
    .option('--debug', 'a busybox with a shell in a layer of its own, above all others')
    .option('--ca-certificate <file>', 'certificates that the image trusts beside its base’s (repeatable)', collect)
    .option('--allow <code>', 'let a finding of the verification pass (repeatable)', collect)
    .option('--mirror <profile>', 'build with a named set of mirrors: aliyun, tuna, ustc, tencent, huawei')
    .option('--strict', 'two distributions that own one path with different content are an error')
    .option('--offline', 'use the cache only, and say what is missing')
    .option('--refresh', 'look again at indexes and resolve anew')
    .option('--workers <number>', 'worker threads', parsePositive)
    .option('--cache-dir <folder>', 'cache folder (or TARE_CACHE_DIR)')
    .option('--progress <how>', 'auto, tty, plain or none', oneOf('auto', 'tty', 'plain', 'none'))
    .option('--verbose', 'say more on stderr');
}

/** The part of the flags that is configuration. Paths on the command line are relative to the current folder. */
export function inlineConfig(flags: SharedFlags, cwd: string): InlineConfig {
  const { platform, python, entrypoint, port, extra, group, tag, output, strict } = flags;
  const { base, systemPolicy, systemPackage, excludeSystemPackage, allow, mirror } = flags;
  const { bytecode, sources, keepSource, stripSource, debug, caCertificate } = flags;
  const { buildWheels, buildPackage } = flags;
  return {
    ...(platform === undefined ? {} : { platforms: platform }),
    ...(python === undefined ? {} : { python }),
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(port === undefined ? {} : { port }),
    ...(extra === undefined ? {} : { extras: extra }),
    ...(group === undefined ? {} : { groups: group }),
    ...(tag === undefined ? {} : { tag }),
    ...(output === undefined ? {} : { output: absoluteOutput(output, cwd) }),
    ...(strict === undefined ? {} : { strict }),
    ...(base === undefined ? {} : { base: absoluteOutput(base, cwd) }),
    ...(systemPolicy === undefined ? {} : { systemPolicy }),
    ...(systemPackage === undefined ? {} : { systemPackages: systemPackage }),
    ...(excludeSystemPackage === undefined ? {} : { excludeSystemPackages: excludeSystemPackage }),
    ...(allow === undefined ? {} : { allow }),
    ...(buildWheels === undefined ? {} : { buildWheels }),
    ...(buildPackage === undefined ? {} : { buildPackages: buildPackage }),
    ...(mirror === undefined ? {} : { mirror }),
    ...(bytecode === undefined ? {} : { bytecode }),
    ...(sources === undefined ? {} : { sources }),
    ...(keepSource === undefined ? {} : { keepSources: keepSource }),
    ...(stripSource === undefined ? {} : { stripSources: stripSource }),
    ...(debug === undefined ? {} : { debug }),
    ...(caCertificate === undefined ? {} : { caCertificates: caCertificate.map((file) => resolve(cwd, file)) }),
  };
}

/** The same with what only an image has. Throws `USAGE`. */
export function imageConfig(flags: ImageFlags, cwd: string): InlineConfig {
  const { user, workdir, env, label, readOnly } = flags;
  return {
    ...inlineConfig(flags, cwd),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir }),
    ...(env === undefined ? {} : { env: parsePairs('--env', env) }),
    ...(label === undefined ? {} : { labels: parsePairs('--label', label) }),
    ...(readOnly === undefined ? {} : { readOnly }),
  };
}

/** `NAME=VALUE`, each. */
function parsePairs(flag: string, texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new TareError({
        code: 'USAGE',
        message: `\`${text}\` given with ${flag} has no ${at === 0 ? 'name' : 'value'}`,
        expected: 'NAME=VALUE: an image does not take values of this environment',
      });
    }),
  );
}

function absoluteOutput(output: string, cwd: string): string {
  const match = /^(oci|oci-archive|docker-archive|rootfs):(.+)$/.exec(output);
  return match === null ? output : `${match[1]}:${resolve(cwd, match[2] ?? '')}`;
}

function splitList(text: string): readonly string[] {
  return text.split(',').filter((part) => part !== '');
}

export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

export function parsePositive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number above 0');
}

/** Refuses every other word. */
function oneOf(...words: readonly string[]): (text: string) => string {
  return (text) => {
    if (words.includes(text)) return text;
    throw new InvalidArgumentError(`expected ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`);
  };
}
