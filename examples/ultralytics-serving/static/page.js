const canvas = document.querySelector('canvas');
const status = document.querySelector('[role=status]');
const pen = canvas.getContext('2d');

async function show(picture) {
  status.textContent = 'Looking …';
  const body = new FormData();
  body.append('file', picture, 'picture');
  const [answer, bitmap] = await Promise.all([fetch('/detect', { method: 'POST', body }), createImageBitmap(picture)]);
  const found = await answer.json();
  if (!answer.ok) throw new Error(typeof found.detail === 'string' ? found.detail : answer.statusText);
  [canvas.width, canvas.height] = [found.width, found.height];
  pen.drawImage(bitmap, 0, 0, found.width, found.height);
  const unit = Math.max(found.width, found.height) / 320;
  pen.lineWidth = 2 * unit;
  pen.font = `${12 * unit}px sans-serif`;
  for (const box of found.boxes) draw(box, unit);
  status.textContent = found.boxes.length === 0 ? 'Nothing that is known here.' : found.boxes.map(describe).join(', ');
}

function describe({ label, score }) {
  return `${label} ${Math.round(score * 100)} %`;
}

function draw(box, unit) {
  pen.strokeStyle = pen.fillStyle = '#111';
  pen.strokeRect(box.x, box.y, box.w, box.h);
  const text = describe(box);
  const top = Math.max(0, box.y - 16 * unit);
  pen.fillRect(box.x, top, pen.measureText(text).width + 8 * unit, 16 * unit);
  pen.fillStyle = '#fff';
  pen.fillText(text, box.x + 4 * unit, top + 12 * unit);
}

function tell(error) {
  status.textContent = `That did not work: ${error.message}`;
}

document.querySelector('input').addEventListener('change', ({ target }) => {
  if (target.files.length > 0) show(target.files[0]).catch(tell);
});
document.querySelector('#sample').addEventListener('click', () => {
  fetch('/static/sample.png')
    .then((answer) => answer.blob())
    .then(show)
    .catch(tell);
});
