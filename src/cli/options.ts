import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
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
  readonly mirror?: string;
  readonly offline?: boolean;
  readonly refresh?: boolean;
  readonly workers?: number;
  readonly cacheDir?: string;
  readonly progress?: 'auto' | 'tty' | 'plain' | 'none';
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export function addSharedOptions(command: Command): Command {
  return command
    .option('--platform <list>', 'platforms, comma separated (linux/amd64, linux/arm64)', splitList)
    .option('--python <version>', 'Python to use, for example 3.13')
    .option('--entrypoint <module:attribute>', 'the application, for example shop.main:app')
    .option('--port <number>', 'port that the application listens on', parsePositive)
    .option('--extra <name>', 'an extra of the project to install (repeatable)', collect)
    .option('--group <name>', 'a dependency group to install (repeatable)', collect)
    .option('--base <where>', 'oci:DIR to build on an image of yours, or debian (default)')
    .option('--system-package <name>', 'a Debian package to add (repeatable)', collect)
    .option('--exclude-system-package <name>', 'a Debian package that is never added (repeatable)', collect)
    .option(
      '--system-policy <policy>',
      'needed (default) or depends: how far Debian packages are followed',
      parsePolicy,
    )
    .option('--allow <code>', 'let a finding of the verification pass (repeatable)', collect)
    .option('--mirror <profile>', 'build with a named set of mirrors: aliyun, tuna, ustc, tencent, huawei')
    .option('--strict', 'two distributions that own one path with different content are an error')
    .option('--offline', 'use the cache only, and say what is missing')
    .option('--refresh', 'look again at indexes and resolve anew')
    .option('--workers <number>', 'worker threads', parsePositive)
    .option('--cache-dir <folder>', 'cache folder (or TARE_CACHE_DIR)')
    .option('--progress <how>', 'auto, tty, plain or none', parseProgress)
    .option('--verbose', 'say more on stderr');
}

/** The part of the flags that is configuration. Paths on the command line are relative to the current folder. */
export function inlineConfig(flags: SharedFlags, cwd: string): InlineConfig {
  const { platform, python, entrypoint, port, extra, group, tag, output, strict } = flags;
  const { base, systemPolicy, systemPackage, excludeSystemPackage, allow, mirror } = flags;
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
    ...(mirror === undefined ? {} : { mirror }),
  };
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

function parsePolicy(text: string): string {
  if (['needed', 'depends'].includes(text)) return text;
  throw new InvalidArgumentError('expected needed or depends');
}

function parseProgress(text: string): string {
  if (['auto', 'tty', 'plain', 'none'].includes(text)) return text;
  throw new InvalidArgumentError('expected auto, tty, plain or none');
}
