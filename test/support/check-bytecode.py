"""Run in an image: compares its bytecode with what its own interpreter makes of the sources. Prints JSON."""
import importlib.util, json, marshal, os, sys, warnings

warnings.simplefilter('ignore')
report = {'checked': 0, 'without': [], 'wrong': [], 'sourceless': 0}
for top in sys.argv[1:]:
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != '__pycache__']
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith('.pyc'):
                report['sourceless'] += 1
            if not name.endswith('.py') or os.path.islink(path):
                continue
            cached = importlib.util.cache_from_source(path)
            if not os.path.exists(cached):
                report['without'].append(path)
                continue
            with open(path, 'rb') as file:
                source = file.read()
            with open(cached, 'rb') as file:
                data = file.read()
            code = marshal.loads(data[16:])
            good = (
                data[:4] == importlib.util.MAGIC_NUMBER
                and data[4:8] == b'\x01\0\0\0'
                and data[8:16] == importlib.util.source_hash(source)
                and code.co_filename == path
                and code == compile(source, path, 'exec', dont_inherit=True)
            )
            report['checked'] += 1
            if not good:
                report['wrong'].append(path)
print('REPORT ' + json.dumps(report))
