import { TareError } from '../base/errors.ts';

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/** Reads `uid:gid`. `uid` alone means group 0; nothing at all is root (OCI image specification, config, `User`). */
export function parseUser(text: string): UserIds {
  const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text === '' ? '0:0' : text);
  const [uid, gid] = [Number(match?.[1] ?? -1), Number(match?.[2] ?? 0)];
  if (match !== null && uid < 2 ** 32 - 1 && gid < 2 ** 32 - 1) return { uid, gid };
  throw new TareError({
    code: 'USER_NOT_NUMERIC',
    message: `the image's user \`${text.slice(0, 100)}\` is not made of numbers`,
    expected: '`uid:gid`, like `65532:65532`',
    hint: 'run it with docker or podman, which look names up in the image, or give the image a numeric user',
  });
}
