import type { SourceNeedKind } from './source-need.ts';

/** A function that reads the text of what it is given. */
export interface SourceReader {
  readonly name: RegExp;
  readonly kind: SourceNeedKind;
  /** True where only calls with `cache=True` do. */
  readonly needsCache?: true;
  /** `argument`: reads what it is given; `own`: reads where it stands. */
  readonly reads: 'argument' | 'own';
}

/** Functions by their full names, as their own sources show. Those that do without (`streamlit.cache_data`, `torch.compile`) are not here. */
export const sourceReaders: readonly SourceReader[] = [
  {
    name: /^numba\.(?:[\w.]+\.)?(?:n?jit|generated_jit|vectorize|guvectorize|cfunc|jit_module|stencil)$/,
    kind: 'numba-cache',
    needsCache: true,
    reads: 'argument',
  },
  {
    name: /^torch\.jit\.(?:_script\.)?(?:script|script_method|interface|script_if_tracing)$/,
    kind: 'torch-script',
    reads: 'argument',
  },
  {
    name: /^triton\.(?:runtime\.(?:jit\.)?)?jit$|^triton\.experimental\.gluon\.jit$/,
    kind: 'triton',
    reads: 'argument',
  },
  {
    name: /^(?:inspect|dill\.source)\.(?:getsource|getsourcelines|findsource|getsourcefile|getcomments|getblock)$/,
    kind: 'inspect-source',
    reads: 'argument',
  },
  {
    name: /^(?:taichi\.(?:kernel|func|pyfunc|data_oriented)|warp\.(?:kernel|func|struct)|cupyx\.jit\.rawkernel|tilelang\.jit|tvm\.script\.[\w.]+|tensorflow\.function|tensorflow\.autograph\.to_(?:graph|code)|smolagents\.tool|typeguard\.typechecked|kfp\.dsl\.component)$/,
    kind: 'inspect-source',
    reads: 'argument',
  },
  {
    name: /^(?:varname\.\w+|executing\.Source\.\w+|sorcery\.\w+|streamlit\.echo)$/,
    kind: 'inspect-source',
    reads: 'own',
  },
  { name: /^tyro\.(?:cli|extras\.[\w.]+)$/, kind: 'docstrings', reads: 'argument' },
];

/** Text that a source has where one of them may be used. */
export const mentionsReader =
  /\bnumba\b|\b(?:n?jit|vectorize|guvectorize|cfunc)\b|\btorch\b[^\n]*\bjit\b|\bjit\b[^\n]*\bscript|\btriton\b|\b(?:getsource\w*|findsource|getcomments|getblock)\b|\b(?:taichi|warp|cupyx|tilelang|tvm|tensorflow|smolagents|typeguard|kfp|varname|executing|sorcery|tyro)\b|\becho\b/;
