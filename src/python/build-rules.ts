import { normalizedName } from './package-name.ts';
import { isOn } from './uv-config.ts';

/** What pip and uv are told of building from source. */
export interface BuildRules {
  /** The rule by which a package (its normalised name) may not be built. */
  readonly forbidding: (name: string) => string | undefined;
}

/** One place that says which packages are never built. */
interface Rule {
  readonly rule: string;
  /** Normalised names, or `:all:`. */
  readonly names: ReadonlySet<string>;
}

export interface BuildRuleInputs {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `[tool.uv]`, or the content of `uv.toml`. */
  readonly tool: unknown;
  /** `--only-binary` of a requirements file. */
  readonly onlyBinary: readonly string[];
  /** `only-binary` of pip's configuration files. */
  readonly pipOnlyBinary?: string;
}

/** uv's `no-build` and `no-build-package`, pip's `only-binary`: `:all:`, `:none:` or names. */
export function parseBuildRules({ env, tool, onlyBinary, pipOnlyBinary }: BuildRuleInputs): BuildRules {
  const rules: Rule[] = [
    ...rulesOfUv(tool, ''),
    ...rulesOfUv(tableOf(tool)['pip'], 'pip.'),
    ...(isOn(env['UV_NO_BUILD']) ? [everything('UV_NO_BUILD')] : []),
    ...named('UV_NO_BUILD_PACKAGE', (env['UV_NO_BUILD_PACKAGE'] ?? '').split(/\s+/)),
    ...named('PIP_ONLY_BINARY', (env['PIP_ONLY_BINARY'] ?? '').split(/[\s,]+/)),
    ...named('`only-binary` of pip', (pipOnlyBinary ?? '').split(/[\s,]+/)),
    ...named('`--only-binary` of the requirements file', onlyBinary),
  ];
  return {
    forbidding: (name) => rules.find(({ names }) => names.has(':all:') || names.has(name))?.rule,
  };
}

function rulesOfUv(table: unknown, prefix: string): readonly Rule[] {
  const { 'no-build': all, 'no-build-package': some, 'only-binary': only } = tableOf(table);
  return [
    ...(all === true ? [everything(`\`${prefix}no-build\` of uv`)] : []),
    ...named(`\`${prefix}no-build-package\` of uv`, textsOf(some)),
    ...named(`\`${prefix}only-binary\` of uv`, textsOf(only)),
  ];
}

function everything(rule: string): Rule {
  return { rule, names: new Set([':all:']) };
}

/** `:none:` takes back what stands before it. */
function named(rule: string, words: readonly string[]): readonly Rule[] {
  const given = words.map((word) => word.trim()).filter((word) => word !== '');
  const kept = given.slice(given.lastIndexOf(':none:') + 1);
  return kept.length === 0
    ? []
    : [{ rule, names: new Set(kept.map((word) => (word === ':all:' ? word : normalizedName(word)))) }];
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function tableOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value));
}
