import { readTextIfThere } from '../base/atomic-file.ts';
import type { Context } from '../base/context.ts';
import { TareError } from '../base/errors.ts';

/** By OCI's name: Node's names of the machines that run it themselves, and what binfmt_misc calls its emulator. */
const machines: Readonly<Record<string, { readonly hosts: readonly string[]; readonly qemu: string }>> = {
  amd64: { hosts: ['x64'], qemu: 'x86_64' },
  arm64: { hosts: ['arm64'], qemu: 'aarch64' },
  arm: { hosts: ['arm'], qemu: 'arm' },
  '386': { hosts: ['ia32', 'x64'], qemu: 'i386' },
  ppc64le: { hosts: ['ppc64'], qemu: 'ppc64le' },
  riscv64: { hosts: ['riscv64'], qemu: 'riscv64' },
  s390x: { hosts: ['s390x'], qemu: 's390x' },
};

/** Throws `PLATFORM_NOT_RUNNABLE` where this Linux machine can start no program of the platform. */
export async function assertRunnable(context: Context, platform: string): Promise<void> {
  const [os, architecture = ''] = platform.split('/');
  const machine = machines[architecture];
  if (os !== 'linux' || machine === undefined)
    throw notRunnable(context, platform, `tare runs those for Linux on ${Object.keys(machines).join(', ')}`);
  if (context.host.platform !== 'linux' || !isForeign(context, platform)) return;
  const file = `/proc/sys/fs/binfmt_misc/qemu-${machine.qemu}`;
  const registration = await readTextIfThere(file);
  if (registration !== undefined && isUsableRegistration(registration)) return;
  const actual = registration === undefined ? `${file} is not there` : `${file} is not enabled with the flag F`;
  throw notRunnable(context, platform, actual);
}

/** Whether programs of the platform run under an emulator here. */
export function isForeign({ host }: Context, platform: string): boolean {
  return machines[platform.split('/')[1] ?? '']?.hosts.includes(host.arch) !== true;
}

/**
 * Whether an entry of binfmt_misc is on and has the flag F: the interpreter was opened at registration, so that it works
 * in another root (Linux admin guide, binfmt-misc).
 */
export function isUsableRegistration(text: string): boolean {
  return /^enabled$/m.test(text) && /^flags: \w*F/m.test(text);
}

function notRunnable(context: Context, platform: string, actual: string): TareError {
  return new TareError({
    code: 'PLATFORM_NOT_RUNNABLE',
    message: `an image for ${platform} cannot run on this machine (${context.host.platform}, ${context.host.arch})`,
    actual,
    hint: 'build for this machine with --platform, or install an emulator: apt-get install qemu-user-static binfmt-support',
  });
}
