"""Makes the detector of examples/ultralytics-serving: trains a small network on drawn pictures, writes it as ONNX.

    pip install jax numpy onnx onnxruntime
    python scripts/make-detector.py             # trains (some minutes on one core), writes, checks
    python scripts/make-detector.py --check     # only checks the file that is there

The network finds discs, squares and triangles. Its input and output are those of a YOLOv8 detection model: `images` is
1 x 3 x N x N, RGB from 0 to 1; `output0` is 1 x (4 + classes) x cells, each column a box (centre x, centre y, width, height, in
pixels of the input) and the score of each class; the metadata have `names`, `imgsz` and `stride`.

Every random number comes from one seed and the training runs on one thread, so the same versions on the same kind of processor
make the same file; another processor rounds differently and makes another file, about as good. `--check` measures either.
"""

import argparse
import ast
import os
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"

import numpy as np  # noqa: E402

NAMES = ["disc", "square", "triangle"]
SIZE = 160
STRIDE = 8
GRID = SIZE // STRIDE
# Output channels, stride, dilation of each 3 x 3 convolution; a 1 x 1 convolution follows. What keeps its shape adds its input.
LAYERS = [(12, 2, 1), (20, 2, 1), (32, 2, 1), (32, 1, 1), (32, 1, 2), (32, 1, 4), (32, 1, 2)]
PICTURES = 4000
DEFAULT = Path(__file__).resolve().parent.parent / "examples/ultralytics-serving/asserts/models/shapes.onnx"


# --- pictures ---------------------------------------------------------------------------------------------------------------


def draw(random):
    """A picture of SIZE x SIZE (float32, 0 to 1) and its boxes: rows of class, centre x, centre y, width, height."""
    picture = background(random)
    left, top, right, bottom = content(random)
    boxes = []
    for _ in range(random.integers(0, 8)):
        kind, extent = int(random.integers(len(NAMES))), random.uniform(28, 90)
        outline = corners(kind, extent, random)
        width, height = np.ptp(outline, axis=0)
        if width + 2 > right - left or height + 2 > bottom - top:
            continue
        low = np.array([random.uniform(left + 1, right - 1 - width), random.uniform(top + 1, bottom - 1 - height)])
        box = np.array([kind, *(low + [width / 2, height / 2]), width, height])
        if any(overlap(box, other) for other in boxes):
            continue
        paint(picture, kind, outline - outline.min(axis=0) + low, box, random)
        boxes.append(box)
    picture += random.standard_normal(picture.shape, np.float32) * random.choice([0, 0.01, 0.04])
    grey = np.full_like(picture, 114 / 255)
    grey[top:bottom, left:right] = picture[top:bottom, left:right]
    return np.clip(grey, 0, 1).astype(np.float32), np.array(boxes).reshape(-1, 5)


def background(random):
    """One colour, a gradient, or clouds of a few colours."""
    kind, first, second = random.integers(3), random.random(3), random.random(3)
    if kind == 0:
        return np.tile(first, (SIZE, SIZE, 1))
    if kind == 1:
        angle = random.uniform(0, 2 * np.pi)
        rows, columns = np.mgrid[0:SIZE, 0:SIZE] / SIZE - 0.5
        share = np.clip(0.5 + rows * np.sin(angle) + columns * np.cos(angle), 0, 1)[..., None]
        return first * (1 - share) + second * share
    coarse = first + random.normal(0, 0.12, (6, 6, 3))
    places = np.linspace(0, 5, SIZE)
    blend = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(6)))
    return np.clip(np.einsum("yi,xj,ijc->yxc", blend, blend, coarse), 0, 1)


def content(random):
    """Left, top, right, bottom of the part that is no grey bar: pictures are fitted into the square."""
    bar = int(random.integers(0, 36))
    return [(0, 0, SIZE, SIZE), (0, bar, SIZE, SIZE - bar), (bar, 0, SIZE - bar, SIZE)][random.integers(3)]


def corners(kind, extent, random):
    """The outline as points around the origin; of a disc, its bounding square."""
    if kind == 0:
        return np.array([[-1, -1], [1, 1]]) * extent / 2
    if kind == 1:
        base, angle = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * extent / 2, random.uniform(-0.2, 0.2)
        base = base * [1, random.uniform(0.8, 1.25)]
    else:
        base, angle = np.array([[0, -0.55], [0.5, 0.45], [-0.5, 0.45]]) * extent, random.uniform(-np.pi, np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return base @ turn


def paint(picture, kind, outline, box, random):
    """Fills the outline with a colour that differs from what is there."""
    _, x, y, width, height = box
    under = picture[int(y), int(x)]
    colour = random.random(3)
    while np.abs(colour - under).max() < 0.3:
        colour = random.random(3)
    x0, y0 = max(0, int(x - width / 2) - 2), max(0, int(y - height / 2) - 2)
    part = picture[y0 : int(y + height / 2) + 3, x0 : int(x + width / 2) + 3]
    rows, columns = np.mgrid[0 : part.shape[0], 0 : part.shape[1]] + 0.5
    points = np.stack([columns + x0, rows + y0], axis=-1)
    if kind == 0:
        distance = np.linalg.norm(points - [x, y], axis=-1) - width / 2
    else:
        edge = np.roll(outline, -1, axis=0) - outline
        normal = np.stack([edge[:, 1], -edge[:, 0]], axis=1) / np.linalg.norm(edge, axis=1, keepdims=True)
        distance = np.einsum("yxkc,kc->yxk", points[:, :, None] - outline, normal).max(axis=2)
    share = np.clip(0.5 - distance, 0, 1)[..., None]
    part[:] = part * (1 - share) + colour * share


def overlap(one, other):
    return bool(np.all(np.abs(one[1:3] - other[1:3]) < (one[3:5] + other[3:5]) / 2 + 3))


# --- training ---------------------------------------------------------------------------------------------------------------


def targets(boxes):
    """Per cell: the score of each class, the box relative to the cell, whether the score counts, whether the box does."""
    scores, wanted = np.zeros((GRID, GRID, len(NAMES)), np.float32), np.zeros((GRID, GRID, 4), np.float32)
    counts, framed = np.ones((GRID, GRID), np.float32), np.zeros((GRID, GRID), np.float32)
    nearest = np.full((GRID, GRID), np.inf)
    middles = (np.arange(GRID) + 0.5) * STRIDE
    for kind, x, y, width, height in boxes:
        far = np.hypot(middles[None, :] - x, middles[:, None] - y)
        inside = far <= max(far.min(), STRIDE, min(width, height) / 5)
        # Around these neither yes nor no is right, but a box is.
        around = (far <= max(2.5 * STRIDE, min(width, height) / 3)) & (far < nearest)
        nearest[around] = far[around]
        counts[around], framed[around], scores[around] = 0, 1, 0
        counts[around & inside] = 1
        scores[around & inside] = np.eye(len(NAMES))[int(kind)]
        rows, columns = np.nonzero(around)
        shift = np.stack([x - middles[columns], y - middles[rows]], axis=1) / STRIDE
        wanted[around] = np.hstack([shift, np.tile(np.log([width / STRIDE, height / STRIDE]), (len(rows), 1))])
    return scores, wanted, counts, framed


def batch(random, pictures, boxes, count):
    """Some of the pictures, all turned or mirrored in one of the eight ways that keep a square, with their targets."""
    chosen = random.choice(len(pictures), count, replace=False)
    some, own = pictures[chosen] / np.float32(255), [boxes[one].copy() for one in chosen]
    across, down, turned = random.integers(0, 2, 3)
    if across:
        some = some[:, :, ::-1]
    if down:
        some = some[:, ::-1]
    if turned:
        some = some.transpose(0, 2, 1, 3)
    for rows in own:
        rows[:, 1] = SIZE - rows[:, 1] if across else rows[:, 1]
        rows[:, 2] = SIZE - rows[:, 2] if down else rows[:, 2]
        rows[:] = rows[:, [0, 2, 1, 4, 3]] if turned else rows
    return np.ascontiguousarray(some), *map(np.stack, zip(*map(targets, own)))


def start(random):
    """Weights (height, width, in, out) and biases; the last layer gives four numbers of a box and the classes' scores."""
    weights, before = [], 3
    for channels, _, _ in LAYERS:
        weights.append((random.normal(0, np.sqrt(2.5 / (9 * before)), (3, 3, before, channels)), np.zeros(channels)))
        before = channels
    weights.append((random.normal(0, 0.01, (1, 1, before, 4 + len(NAMES))), np.array([0, 0, 1.6, 1.6] + [-3] * len(NAMES))))
    return [(kernel.astype(np.float32), bias.astype(np.float32)) for kernel, bias in weights]


def train(seed, steps, count):
    import jax
    import jax.numpy as jnp

    def forward(weights, pictures):
        values = pictures
        for (kernel, bias), (_, stride, dilation) in zip(weights, LAYERS + [(0, 1, 1)]):
            edge = dilation * (kernel.shape[0] - 1) // 2
            result = bias + jax.lax.conv_general_dilated(
                values,
                kernel,
                (stride, stride),
                [(edge, edge)] * 2,
                rhs_dilation=(dilation, dilation),
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            )
            if kernel.shape[0] > 1:
                result = result * jax.nn.sigmoid(result)
            values = result + values if result.shape == values.shape else result
        return values

    def loss(weights, pictures, scores, wanted, counts, framed):
        values = forward(weights, pictures)
        logits = values[..., 4:]
        chance = jax.nn.sigmoid(logits)
        # Focal: cells that are easily right weigh little, of which there are most.
        miss = jnp.abs(scores - chance) ** 1.5 * (jnp.logaddexp(0, logits) - scores * logits)
        off = jnp.abs(values[..., :4] - wanted)
        smooth = jnp.where(off < 0.1, 5 * off**2, off - 0.05).sum(axis=3)
        return (miss.sum(axis=3) * counts).sum() * 2 / (scores.sum() + 1) + (smooth * framed).sum() / (framed.sum() + 1)

    @jax.jit
    def step(weights, first, second, number, rate, *data):
        value, slope = jax.value_and_grad(loss)(weights, *data)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, slope)
        second = jax.tree.map(lambda v, g: 0.99 * v + 0.01 * g * g, second, slope)
        move = lambda w, m, v: w - rate * (m / (1 - 0.9**number)) / (jnp.sqrt(v / (1 - 0.99**number)) + 1e-7)  # noqa: E731
        return jax.tree.map(move, weights, first, second), first, second, value

    random = np.random.default_rng(seed)
    drawn = [draw(random) for _ in range(PICTURES)]
    pictures = np.stack([np.round(picture * 255).astype(np.uint8) for picture, _ in drawn])
    boxes = [own for _, own in drawn]
    weights = start(random)
    first = second = jax.tree.map(np.zeros_like, weights)
    seen = 0.0
    for number in range(1, steps + 1):
        rate = 3e-3 * min(1, number / 100) * (0.5 + 0.5 * np.cos(np.pi * number / steps)) + 1e-5
        data = batch(random, pictures, boxes, count)
        weights, first, second, value = step(weights, first, second, float(number), rate, *data)
        seen = 0.98 * seen + 0.02 * float(value)
        if number % 100 == 0:
            print(f"step {number}: loss {seen / (1 - 0.98**number):.3f}", flush=True)
    return jax.tree.map(np.asarray, weights)


# --- ONNX -------------------------------------------------------------------------------------------------------------------


def to_onnx(weights):
    """The network with the boxes decoded, as an ONNX model."""
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(value, name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    values = "images"
    for index, ((kernel, bias), (_, stride, dilation)) in enumerate(zip(weights, LAYERS + [(0, 1, 1)])):
        edge = dilation * (kernel.shape[0] - 1) // 2
        inputs = [
            values,
            constant(f"kernel{index}", np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))),
            constant(f"bias{index}", bias),
        ]
        result = node("Conv", inputs, f"conv{index}", strides=[stride] * 2, pads=[edge] * 4, dilations=[dilation] * 2)
        if kernel.shape[0] > 1:
            result = node("Mul", [result, node("Sigmoid", [result], f"gate{index}")], f"layer{index}")
        same = kernel.shape[2] == kernel.shape[3] and stride == 1
        values = node("Add", [result, values], f"sum{index}") if same else result
    cells = node("Reshape", [values, constant("shape", np.array([1, 4 + len(NAMES), GRID * GRID], np.int64))], "cells")
    parts = constant("parts", np.array([2, 2, len(NAMES)], np.int64))
    nodes.append(helper.make_node("Split", [cells, parts], ["shift", "extent", "logits"], axis=1))
    rows, columns = np.mgrid[0:GRID, 0:GRID] + 0.5
    middles = np.stack([columns.ravel(), rows.ravel()])[None].astype(np.float32)
    stride = constant("stride", np.array(STRIDE, np.float32))
    centre = node("Mul", [node("Add", ["shift", constant("middles", middles)], "place"), stride], "centre")
    size = node("Mul", [node("Exp", ["extent"], "growth"), stride], "size")
    node("Concat", [centre, size, node("Sigmoid", ["logits"], "scores")], "output0", axis=1)

    float32 = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "shapes",
        [helper.make_tensor_value_info("images", float32, [1, 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("output0", float32, [1, 4 + len(NAMES), GRID * GRID])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="make-detector")
    helper.set_model_props(
        model, {"task": "detect", "names": str(dict(enumerate(NAMES))), "imgsz": str([SIZE, SIZE]), "stride": str(STRIDE)}
    )
    checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


# --- check ------------------------------------------------------------------------------------------------------------------


def check(path, seed, count):
    """Draws pictures that training has not seen and says how many shapes are found (right class, IoU over 0.5)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = ast.literal_eval(session.get_modelmeta().custom_metadata_map["names"])
    assert list(names.values()) == NAMES, names
    random = np.random.default_rng(seed)
    shapes = found = invented = 0
    quality = []
    for _ in range(count):
        picture, boxes = draw(random)
        (output,) = session.run(None, {"images": picture.transpose(2, 0, 1)[None]})
        answers = suppress(output[0].T)
        shapes += len(boxes)
        for answer in answers:
            fits = [intersection_over_union(answer[1:5], box[1:5]) for box in boxes if box[0] == answer[0]]
            if max(fits, default=0) > 0.5:
                found += 1
                quality.append(max(fits))
            else:
                invented += 1
    recall, precision = found / shapes, found / max(1, found + invented)
    print(f"{count} pictures, {shapes} shapes: recall {recall:.3f}, precision {precision:.3f}, mean IoU {np.mean(quality):.3f}")
    return recall > 0.93 and precision > 0.97


def suppress(columns, least=0.75, most=0.45):
    """Rows of class, x, y, width, height, score: the best of those that overlap."""
    rows = [(int(one[4:].argmax()), *one[:4], one[4:].max()) for one in columns if one[4:].max() >= least]
    kept = []
    for row in sorted(rows, key=lambda one: -one[5]):
        if all(intersection_over_union(row[1:5], other[1:5]) < most for other in kept):
            kept.append(row)
    return kept


def intersection_over_union(one, other):
    sides = [
        min(one[i] + one[i + 2] / 2, other[i] + other[i + 2] / 2) - max(one[i] - one[i + 2] / 2, other[i] - other[i + 2] / 2)
        for i in (0, 1)
    ]
    shared = max(0, sides[0]) * max(0, sides[1])
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--check", action="store_true", help="train nothing")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=8)
    options = parser.parse_args()
    if not options.check:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_bytes(to_onnx(train(options.seed, options.steps, 16)))
    print(f"{options.output.name}: {options.output.stat().st_size} bytes")
    raise SystemExit(0 if check(options.output, options.seed + 1, 500) else 1)


if __name__ == "__main__":
    main()
