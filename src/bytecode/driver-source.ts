/** Of processor time, not of time that passes: a loaded machine gives the same answer. */
export const processorSeconds = 120;

/**
 * What the interpreter runs: sources come in on standard input, bytecode goes out on standard output, nothing touches a disk.
 * In: length and text of the path, length and bytes of the source, big-endian 32 bits each. Out: a status byte (0 bytecode,
 * 1 a message why there is none, 2 what the interpreter is, 3 the number of the signal that ended a process of its own), a length, the bytes. Bytecode is marked as hash-based and unchecked
 * (PEP 552): dates do not matter to it. `isolated`: each source in a process of its own, so that its bytes depend on nothing else.
 */
export const driverSource = `
import sys
sys.path[:] = [folder for folder in sys.path if folder]
import gc, marshal, os
from importlib.util import MAGIC_NUMBER, source_hash

gc.disable()
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (${processorSeconds}, ${processorSeconds + 10}))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
isolated = sys.argv[1] == 'isolated' and hasattr(os, 'fork')
stdin = sys.stdin.buffer

def answer(status, data):
    frame = memoryview(bytes([status]) + len(data).to_bytes(4, 'big') + data)
    while frame:
        frame = frame[os.write(1, frame):]

def read(size):
    data = stdin.read(size)
    if len(data) < size:
        raise SystemExit(0)
    return data

def convert(path, source):
    try:
        code = compile(source, path, 'exec', dont_inherit=True, optimize=0)
        return 0, MAGIC_NUMBER + b'\\x01\\0\\0\\0' + source_hash(source) + marshal.dumps(code)
    except SyntaxError as error:
        return 1, ('line %s: %s' % (error.lineno, error.msg)).encode('utf-8', 'replace')
    except Exception as error:
        return 1, ('%s: %s' % (type(error).__name__, error)).encode('utf-8', 'replace')

def convert_apart(path, source):
    child = os.fork()
    if child == 0:
        answer(*convert(path, source))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status != 0:
        answer(3, str(status & 127).encode())

answer(2, '\\n'.join([
    sys.implementation.name, sys.version.split()[0], sys.implementation.cache_tag or '',
    str(int.from_bytes(MAGIC_NUMBER[:2], 'little')),
]).encode())
while True:
    path = read(int.from_bytes(read(4), 'big')).decode('utf-8', 'surrogateescape')
    source = read(int.from_bytes(read(4), 'big'))
    if isolated:
        convert_apart(path, source)
    else:
        answer(*convert(path, source))
`;
