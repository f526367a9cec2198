import { isBaseText } from '../debian/compose-system.ts';

const wanted = [
  /^(?:etc|usr\/lib)\/os-release$/,
  /^etc\/(?:passwd|group|debian_version)$/,
  /^etc\/ld\.so\.conf(?:\.d\/[^/]+)?$/,
  /^etc\/apt\/(?:sources\.list|sources\.list\.d\/[^/]+\.(?:list|sources))$/,
  /^var\/lib\/dpkg\/(?:status|diversions|statoverride|status\.d\/[^/]+)$/,
  /(?:^|\/)include\/python3\.\d+t?\/patchlevel\.h$/,
];

/** The small files of an image whose text says what it is. */
export function isWantedText(path: string): boolean {
  return (wanted.some((pattern) => pattern.test(path)) && !path.endsWith('.md5sums')) || isBaseText(path);
}
