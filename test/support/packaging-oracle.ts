import { execFileSync } from 'node:child_process';

/** Answers for batches of questions, one JSON list in and one out, by PyPA packaging itself. */
const program = String.raw`
import json, sys
try:
    import packaging
except ImportError:
    import pip._vendor.packaging as packaging
    sys.modules['packaging'] = packaging
    import pip._vendor.packaging.version, pip._vendor.packaging.specifiers, pip._vendor.packaging.markers
    import pip._vendor.packaging.requirements, pip._vendor.packaging.tags, pip._vendor.packaging.utils
    for part in ('version', 'specifiers', 'markers', 'requirements', 'tags', 'utils'):
        sys.modules['packaging.' + part] = sys.modules['pip._vendor.packaging.' + part]
from packaging.version import Version
from packaging.specifiers import SpecifierSet
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging import tags, utils
def version(q): return str(Version(q))
def order(q):
    a, b = Version(q[0]), Version(q[1])
    return -1 if a < b else 1 if a > b else 0
def contains(q): return SpecifierSet(q[0]).contains(q[1], prereleases=q[2])
def marker(q): return Marker(q[0]).evaluate({**q[1], 'extra': q[2]})
def requirement(q):
    r = Requirement(q)
    return [utils.canonicalize_name(r.name), sorted(utils.canonicalize_name(e) for e in r.extras), r.url, r.marker is not None, sorted(str(s).replace(' ', '') for s in r.specifier)]
def wheel(q):
    n, v, b, t = utils.parse_wheel_filename(q)
    return [n, str(v), list(b), sorted(str(x) for x in t)]
def tag(q):
    minor, free, glibc, arch, platforms = q
    abis = ['cp3%d%s' % (minor, 't' if free else 'm' if minor < 8 else '')]
    interpreter = 'cp3%d' % minor
    return [str(t) for t in tags.cpython_tags((3, minor), abis, platforms)] + [str(t) for t in tags.compatible_tags((3, minor), interpreter, platforms)]
def platforms(q):
    from unittest import mock
    m = sys.modules['packaging.tags']._manylinux
    m._get_glibc_version = lambda: tuple(q[0])
    with mock.patch.object(m, '_have_compatible_abi', lambda *a: True), mock.patch.object(m, '_is_compatible', lambda *a: True):
        return ['linux_' + q[1]] + list(m.platform_tags([q[1]]))
out = []
for kind, question in json.load(sys.stdin):
    try:
        out.append({'answer': globals()[kind](question)})
    except Exception as error:
        out.append({'error': type(error).__name__})
json.dump({'version': packaging.__version__, 'answers': out}, sys.stdout)
`;

interface Answer {
  readonly answer?: unknown;
  readonly error?: string;
}

/** Asks one kind of question; needs `python3`. */
export function askPackaging(
  kind: string,
  questions: readonly unknown[],
): { readonly version: string; readonly answers: readonly Answer[] } {
  const input = JSON.stringify(questions.map((question) => [kind, question]));
  const output = execFileSync('python3', ['-c', program], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return JSON.parse(output);
}

/** The major version of the packaging that answers, 0 where there is none. */
export function packagingMajor(): number {
  try {
    return Number(askPackaging('version', []).version.split('.')[0]);
  } catch {
    return 0;
  }
}
