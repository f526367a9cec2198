"""The application. `gunicorn serving.main:app --worker-class uvicorn_worker.UvicornWorker` serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import cv2
import numpy as np
from fastapi import FastAPI, HTTPException, Request, UploadFile
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from serving.detector import Box, Detector
from serving.settings import read_settings


class Detections(BaseModel):
    """The size of the picture and what is in it."""

    width: int
    height: int
    boxes: list[Box]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = read_settings()
    app.state.settings = settings
    app.state.detector = Detector(
        settings.model, score=settings.score, overlap=settings.overlap, threads=settings.threads
    )
    yield


app = FastAPI(title="Ultralytics serving", lifespan=lifespan)


@app.get("/", include_in_schema=False)
def index() -> FileResponse:
    return FileResponse("static/index.html")


@app.get("/healthz")
def healthz(request: Request) -> dict[str, str | list[str]]:
    settings, detector = request.app.state.settings, request.app.state.detector
    return {"status": "ok", "model": settings.model.stem, "labels": list(detector.labels.values())}


@app.post("/detect")
def detect(request: Request, file: UploadFile) -> Detections:
    limit = request.app.state.settings.max_upload
    data = file.file.read(limit + 1)
    if len(data) > limit:
        raise HTTPException(413, f"a picture of more than {limit} bytes")
    picture = decode(data)
    if picture is None:
        raise HTTPException(422, "this is no picture that can be read")
    height, width = picture.shape[:2]
    return Detections(width=width, height=height, boxes=request.app.state.detector.detect(picture))


def decode(data: bytes) -> np.ndarray | None:
    """The picture upright and in colour, without what is transparent in it; None where it is none, or too large."""
    if data == b"":
        return None
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None


app.mount("/static", StaticFiles(directory="static"), name="static")
