import type { Fact } from '../../base/because.ts';
import { sortedBy } from '../../base/order.ts';
import type { FolderFacts } from '../facts.ts';
import type { Project } from '../project.ts';
import { ancestorsOf, joinPath, type PythonModule } from './python-index.ts';
import { callsIn, dottedName, flatStatements, keywordOf, stringOf } from './python-syntax.ts';
import type { Call, ExprNode } from 'py-ast';

/** Files of at least this many bytes that are no sources change seldom and are worth a layer of their own. */
export const largeFile = 1024 * 1024;

const sourceFile = /\.(?:py|pyi|pyx|pxd|toml|cfg|ini|md|rst|txt|html?|css|jsx?|tsx?|json|ya?ml|sql|sh)$/i;
const weightFile =
  /\.(?:onnx|pt|pth|bin|safetensors|gguf|ggml|h5|hdf5|pkl|joblib|npz|npy|parquet|tflite|pb|mar|model|sqlite3?|db|tar|gz|zip|zst)$/i;

/** Folders that are served or rendered from, and large data files. */
export function findFolders(project: Project, modules: readonly PythonModule[]): FolderFacts {
  const folders = new Set(project.files.flatMap(({ path }) => ancestorsOf(path)));
  return {
    static: findNamed(modules, folders, readStatic),
    templates: findNamed(modules, folders, readTemplates),
    data: findData(project),
  };
}

function findData(project: Project): readonly Fact<string>[] {
  return project.files
    .filter(
      ({ path, size, type }) =>
        type === 'file' && size >= largeFile && (weightFile.test(path) || !sourceFile.test(path)),
    )
    .map(({ path, size }) => ({
      value: path,
      because: { file: path, rule: `a data file of ${Math.floor(size / 1024 / 1024)} MiB` },
    }));
}

type Reading = { readonly text: string; readonly isRooted: boolean } | undefined;

function findNamed(
  modules: readonly PythonModule[],
  folders: ReadonlySet<string>,
  read: (call: Call, name: string) => ExprNode | undefined,
): readonly Fact<string>[] {
  const found = new Map<string, Fact<string>>();
  for (const module of modules) {
    for (const call of callsIn(module.body)) {
      const name = dottedName(call.func)?.split('.').at(-1) ?? '';
      const reading = readPath(read(call, name), module);
      const folder = reading === undefined ? undefined : locate(reading, module.path, folders);
      if (folder !== undefined && !found.has(folder)) {
        found.set(folder, {
          value: folder,
          because: { file: module.path, line: call.lineno, rule: `\`${name}\` names the folder` },
        });
      }
    }
  }
  return sortedBy(found.values(), ({ value }) => value);
}

function readStatic(call: Call, name: string): ExprNode | undefined {
  if (name === 'StaticFiles') return keywordOf(call, 'directory') ?? call.args[0];
  if (name === 'Flask' || name === 'Quart') return keywordOf(call, 'static_folder');
  return name === 'static' && call.args.length > 1 ? call.args[1] : undefined;
}

function readTemplates(call: Call, name: string): ExprNode | undefined {
  if (name === 'Jinja2Templates') return keywordOf(call, 'directory') ?? call.args[0];
  if (name === 'Flask' || name === 'Quart') return keywordOf(call, 'template_folder');
  return name === 'FileSystemLoader' ? call.args[0] : undefined;
}

/** The text of a path expression: `"static"`, `BASE / "static"`, `os.path.join(HERE, "static")`, `Path(__file__).parent / "static"`. */
function readPath(node: ExprNode | undefined, module: PythonModule, depth = 0): Reading {
  if (node === undefined || depth > mostSteps) return undefined;
  if (node.nodeType === 'Name') return readPath(boundTo(node.id, module), module, depth + 1);
  const text = stringOf(node);
  if (text !== undefined) return { text, isRooted: true };
  if (node.nodeType === 'BinOp' && node.op.nodeType === 'Div') {
    const right = stringOf(node.right);
    const left = readPath(node.left, module, depth + 1);
    return right === undefined
      ? undefined
      : { text: left === undefined ? right : `${left.text}/${right}`, isRooted: false };
  }
  if (node.nodeType !== 'Call') return undefined;
  const name = dottedName(node.func)?.split('.').at(-1);
  if (name !== 'join' && name !== 'Path' && name !== 'str') return undefined;
  if (node.args.length === 1) return readPath(node.args[0], module, depth + 1);
  const parts = node.args.map((arg) => stringOf(arg)).filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : { text: parts.join('/'), isRooted: false };
}

/** Names and `/` that are followed in one path expression. */
const mostSteps = 10;

/** What a module binds a name to: `STATIC = HERE / "static"`. */
function boundTo(name: string, module: PythonModule): ExprNode | undefined {
  for (const statement of flatStatements(module.body)) {
    if (statement.nodeType === 'Assign' && statement.targets.some((target) => dottedName(target) === name))
      return statement.value;
    if (statement.nodeType === 'AnnAssign' && dottedName(statement.target) === name) return statement.value;
  }
  return undefined;
}

/** The folder of the project that a path means: from the project, or beside the source or above it. */
function locate(reading: Exclude<Reading, undefined>, file: string, folders: ReadonlySet<string>): string | undefined {
  const text = reading.text.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  if (text === '' || text.startsWith('/') || text.split('/').includes('..')) return undefined;
  const above = ['', ...ancestorsOf(file)];
  const order = reading.isRooted ? above : above.toReversed();
  return order.map((folder) => joinPath(folder, text)).find((path) => folders.has(path));
}
