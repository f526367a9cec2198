"""A YOLOv8 detection model in ONNX: a picture in, boxes out."""

import ast
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray


@dataclass(frozen=True)
class Box:
    """Where something is, in pixels of the picture: the left upper corner and the size."""

    label: str
    score: float
    x: float
    y: float
    w: float
    h: float


class Detector:
    def __init__(self, path: Path, *, score: float, overlap: float, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0]
        self._score = score
        self._overlap = overlap
        # What `yolo export format=onnx` writes: {0: 'person', 1: 'bicycle', …}
        self.labels: dict[int, str] = ast.literal_eval(self._session.get_modelmeta().custom_metadata_map["names"])

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the input."""
        return self._input.shape[2], self._input.shape[3]

    def detect(self, picture: NDArray[np.uint8]) -> list[Box]:
        """Finds boxes in a picture as OpenCV has it (rows, columns, BGR), the surest first."""
        height, width = picture.shape[:2]
        fitted, scale, left, top = self._fit(picture)
        blob = cv2.dnn.blobFromImage(fitted, 1 / 255, swapRB=True)
        (output,) = self._session.run(None, {self._input.name: blob})
        columns = output[0].T
        scores = columns[:, 4:].max(axis=1)
        classes = columns[:, 4:].argmax(axis=1)
        sure = scores >= self._score
        # Centre and size in the input become corners in the picture, cut at its edges.
        centres = (columns[sure, :2] - (left, top)) / scale
        sizes = columns[sure, 2:4] / scale
        low = np.clip(centres - sizes / 2, 0, (width, height))
        high = np.clip(centres + sizes / 2, 0, (width, height))
        boxes = np.hstack([low, high - low])
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores[sure].tolist(), self._score, self._overlap)
        found = [
            Box(self.labels[int(classes[sure][one])], round(float(scores[sure][one]), 3), *boxes[one].round(1).tolist())
            for one in kept
        ]
        return sorted(found, key=lambda box: -box.score)

    def _fit(self, picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float, int, int]:
        """The picture in the middle of the input, with grey bars; its scale and where it begins."""
        height, width = self.size
        scale = min(height / picture.shape[0], width / picture.shape[1])
        inner = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
        small = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
        right, bottom = width - inner[0] - left, height - inner[1] - top
        grey = (114, 114, 114)
        return cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_CONSTANT, value=grey), scale, left, top
