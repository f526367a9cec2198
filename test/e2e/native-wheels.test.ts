import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildImage, runTare } from '../support/cli.ts';
import { requireComponent } from '../support/components.ts';
import { writeProject } from '../support/example.ts';
import { imageRunnerPlatform } from '../support/image-runner.ts';
import { makeTemporaryDir } from '../support/paths.ts';

interface Group {
  /** Together in one image only where none brings what another needs. */
  readonly wheels: readonly string[];
  readonly program: string;
  readonly printed: unknown;
}

const eachDoesSomething = `
import io, json
import cv2, magic, numpy, onnxruntime, psycopg.pq, soundfile

# A network of one node, as protobuf has it.
def field(number, value):
    if isinstance(value, int): return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value
dimension = field(1, field(1, 2))
def tensor(name): return field(1, name) + field(2, field(1, field(1, 1) + field(2, dimension)))
node = field(1, b'x') + field(2, b'y') + field(4, b'Neg')
graph = field(1, node) + field(2, b'g') + field(11, tensor(b'x')) + field(12, tensor(b'y'))
model = field(1, 8) + field(7, graph) + field(8, field(2, 13))
session = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])

sound = io.BytesIO()
soundfile.write(sound, numpy.zeros(800, numpy.int16), 8000, format='FLAC')
sound.seek(0)
picture = cv2.resize(numpy.full((8, 8, 3), 7, numpy.uint8), (4, 2))
print(json.dumps({
  'cv2': [list(picture.shape), cv2.imencode('.png', picture)[1].tobytes()[1:4].decode()],
  'magic': [magic.from_buffer(b'%PDF-1.4\\n', mime=True), magic.from_buffer(b'\\x7fELF' + bytes(60))[:3]],
  'onnxruntime': session.run(None, {'x': numpy.array([1, -2], numpy.float32)})[0].tolist(),
  'psycopg': [psycopg.pq.__impl__, psycopg.pq.version() > 150000, [one.val.decode() for one in psycopg.pq.Conninfo.parse(b"host=a") if one.val]],
  'soundfile': len(soundfile.read(sound)[0]),
}))
`;

const qt = `
import importlib, json, os, pathlib
os.environ['QT_QPA_PLATFORM'] = 'offscreen'
import PyQt6
from lxml import etree
from PyQt6.QtCore import QBuffer, QByteArray
from PyQt6.QtGui import QFontInfo, QFontMetrics
from PyQt6.QtWidgets import QApplication, QLabel

application = QApplication([])
label = QLabel('tare')
bytes_ = QByteArray()
buffer = QBuffer(bytes_)
buffer.open(QBuffer.OpenModeFlag.WriteOnly)
label.grab().save(buffer, 'PNG')
for file in sorted(pathlib.Path(PyQt6.__path__[0]).glob('*.abi3.so')):
    importlib.import_module('PyQt6.' + file.name.split('.')[0])
style = etree.XML('''<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/a"><b><xsl:value-of select="count(c)"/></b></xsl:template></xsl:stylesheet>''')
print(json.dumps({
  'lxml': str(etree.XSLT(style)(etree.XML('<a><c/><c/></a>')).getroot().text),
  'PyQt6': [bytes(bytes_)[1:4].decode(), QFontInfo(label.font()).family(), QFontMetrics(label.font()).horizontalAdvance('tare') > 9],
}))
`;

const pages = `
import json
from PIL import Image, ImageDraw
from pyzbar import pyzbar
from weasyprint import HTML

# Code 39, ISO/IEC 16388: bars and spaces in turn, narrow or wide.
letters = {'*': 'nwnnwnwnn', 'A': 'wnnnnwnnw', 'B': 'nnwnnwnnw', 'C': 'wnwnnwnnn'}
picture = Image.new('L', (400, 80), 255)
draw, x = ImageDraw.Draw(picture), 40
for letter in '*ABC*':
    for place, width in enumerate(letters[letter]):
        end = x + (9 if width == 'w' else 3)
        if place % 2 == 0: draw.rectangle((x, 10, end - 1, 70), fill=0)
        x = end
    x += 3
document = HTML(string='<h1 style="font-family: DejaVu Sans">pagina \\u00e6</h1>').render()
pdf = document.write_pdf(uncompressed_pdf=True)
print(json.dumps({
  'pyzbar': [one.data.decode() for one in pyzbar.decode(picture)],
  'weasyprint': [pdf[:5].decode(), len(document.pages), b'DejaVu-Sans' in pdf],
}))
`;

const cairo = `
import io, json
import cairocffi

surface = cairocffi.ImageSurface(cairocffi.FORMAT_ARGB32, 60, 20)
context = cairocffi.Context(surface)
context.select_font_face('sans-serif')
context.move_to(2, 15)
context.show_text('tare')
file = io.BytesIO()
surface.write_to_png(file)
print(json.dumps({'cairocffi': [file.getvalue()[1:4].decode(), context.text_extents('tare')[2] > 9, any(surface.get_data())]}))
`;

/** Ten of docs/native-wheels.md for which the system matters, at the versions that were looked into. */
const groups: readonly Group[] = [
  {
    wheels: [
      'opencv-python==5.0.0.93',
      'onnxruntime==1.32.0',
      'psycopg==3.3.9',
      'python-magic==0.4.27',
      'soundfile==0.14.0',
    ],
    program: eachDoesSomething,
    printed: {
      cv2: [[2, 4, 3], 'PNG'],
      magic: ['application/pdf', 'ELF'],
      onnxruntime: [-1, 2],
      psycopg: ['python', true, ['a']],
      soundfile: 800,
    },
  },
  {
    wheels: ['PyQt6==6.11.0', 'lxml==6.1.3'],
    program: qt,
    printed: { lxml: '2', PyQt6: ['PNG', 'DejaVu Sans', true] },
  },
  {
    wheels: ['weasyprint==70.0', 'pyzbar==0.1.9'],
    program: pages,
    printed: { pyzbar: ['ABC'], weasyprint: ['%PDF-', 1, true] },
  },
  { wheels: ['cairocffi==1.7.1'], program: cairo, printed: { cairocffi: ['PNG', true, true] } },
];

let dir: string;
beforeAll(async () => {
  dir = await makeTemporaryDir('native-wheels');
  await chmod(dir, 0o755);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('native wheels do their work in an image of Debian without anything else', () => {
  test.for(groups)('$wheels', async ({ wheels, program, printed }, context) => {
    await requireComponent(context, 'uv', 'namespaces');
    const name = wheels[0]?.replace(/=.*/, '').toLowerCase() ?? '';
    const project = await writeProject(join(dir, name), {
      'requirements.txt': `${wheels.join('\n')}\n`,
      'main.py': program,
      'pyproject.toml': '[tool.tare]\ncommand = ["python", "main.py"]\n',
    });
    const layout = join(dir, `${name}-image`);
    const target = ['--python', '3.13', '--platform', imageRunnerPlatform];
    await buildImage(project, [...target, '--output', `oci:${layout}`]);
    const result = await runTare(['run', layout, '--engine', 'namespaces', '--progress', 'none']);
    expect(result.code, result.stderr).toBe(0);
    expect(JSON.parse(result.stdout)).toEqual(printed);
  });
});
