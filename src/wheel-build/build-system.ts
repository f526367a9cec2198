import * as v from 'valibot';
import { limits } from '../base/limits.ts';
import { checkShape, parseToml } from '../python/toml.ts';
import { sourceInvalid } from './source-error.ts';
import type { BuildSystem } from './types.ts';

const schema = v.object({
  'build-system': v.optional(
    v.object({
      requires: v.optional(v.array(v.string())),
      'build-backend': v.optional(v.string()),
      'backend-path': v.optional(v.array(v.string()), []),
    }),
  ),
});

/** What a source without `[build-system]` is built with, as pip and uv do it. */
const legacy: BuildSystem = {
  requires: ['setuptools>=40.8.0'],
  backend: 'setuptools.build_meta:__legacy__',
  backendPath: [],
  isLegacy: true,
};

const modulePath = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?$/;

/**
 * Reads `[build-system]` of the text of a `pyproject.toml`, or of none (pyproject.toml specification, "Declaring build system
 * dependencies"; PEP 517, "Source trees"). Throws `TOML_INVALID`, `SDIST_INVALID`.
 */
export function parseBuildSystem(text: string | undefined, where: string): BuildSystem {
  if (text === undefined) return legacy;
  const hint = 'take another version of it, or a wheel';
  const table = parseToml(text, where, limits.projectFile);
  const system = checkShape(schema, table, { code: 'SDIST_INVALID', where, hint })['build-system'];
  if (system === undefined) return legacy;
  const { requires = legacy.requires, 'build-backend': backend, 'backend-path': backendPath } = system;
  if (backend === undefined) return { ...legacy, requires };
  if (!modulePath.test(backend)) throw sourceInvalid(`names a build backend that is no module: \`${backend}\``, where);
  const outside = backendPath.find((path) => path.startsWith('/') || path.split(/[\\/]/).includes('..'));
  if (outside !== undefined) throw sourceInvalid(`has its build backend outside of itself: \`${outside}\``, where);
  return { requires, backend, backendPath, isLegacy: false };
}
