/** Raised when the driver may give another wheel for the same source. */
export const driverVersion = 1;

/** Where everything that a build reads and writes is, in its root. */
export const buildFolder = '/build';

/** What the driver writes into `answer.json`. */
export type DriverAnswer =
  | { readonly kind: 'requires'; readonly requires: readonly string[] }
  | { readonly kind: 'wheel'; readonly filename: string };

/**
 * What the root's Python runs: the hooks of a build backend (PEP 517) in the source's folder. `request.json` says which backend, and
 * which requirements of its own are there already; where it asks for others nothing is built, and they are the answer.
 */
export const driverSource = `
import importlib, json, os, sys

with open('${buildFolder}/request.json', encoding='utf-8') as file:
    request = json.load(file)
source = request['source']
os.chdir(source)
os.umask(0o022)
sys.path[:] = [folder for folder in sys.path if folder not in ('', '${buildFolder}')]
folders = [os.path.realpath(os.path.join(source, folder)) for folder in request['backendPath']]
for folder in folders:
    if folder != source and not folder.startswith(source + os.sep):
        raise SystemExit('backend-path leads out of the source: ' + folder)
sys.path[:0] = folders
name, _, attributes = request['backend'].partition(':')
backend = importlib.import_module(name)
if folders:
    place = os.path.realpath(getattr(backend, '__file__', None) or '')
    if not any(place.startswith(folder + os.sep) for folder in folders):
        raise SystemExit('the build backend %s is not in its backend-path' % name)
for attribute in filter(None, attributes.split('.')):
    backend = getattr(backend, attribute)

def answer(value):
    with open('${buildFolder}/answer.json', 'w', encoding='utf-8') as file:
        json.dump(value, file)

ask = getattr(backend, 'get_requires_for_build_wheel', None)
asked = [str(one) for one in (ask(None) if ask else None) or []]
missing = sorted(set(asked) - set(request['installed']))
if missing:
    answer({'kind': 'requires', 'requires': missing})
else:
    answer({'kind': 'wheel', 'filename': str(backend.build_wheel('${buildFolder}/out', None, None))})
sys.stdout.flush()
`;
