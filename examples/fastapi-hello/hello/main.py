"""The application. `uvicorn hello.main:app` serves it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, HTTPException, Request, Response, status
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Engine, text

from hello.badge import draw_badge
from hello.database import add_note, all_notes, open_database
from hello.settings import Settings

STATIC = Path(__file__).resolve().parent.parent / "static"
GREETINGS: dict[str, str] = json.loads(
    resources.files("hello").joinpath("data/greetings.json").read_text(encoding="utf-8")
)


class NoteIn(BaseModel):
    text: str = Field(min_length=1, max_length=500)


class NoteOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    text: str
    written: datetime

    @field_validator("written")
    @classmethod
    def in_utc(cls, written: datetime) -> datetime:
        return written.replace(tzinfo=UTC)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = Settings()
    app.state.engine = open_database(settings.data_dir, settings.database_url)
    yield
    app.state.engine.dispose()


app = FastAPI(title="Hello", lifespan=lifespan)


def engine_of(request: Request) -> Engine:
    return request.app.state.engine


Database = Annotated[Engine, Depends(engine_of)]


@app.get("/healthz")
def healthz(engine: Database) -> dict[str, str]:
    with engine.connect() as connection:
        connection.execute(text("select 1"))
    return {"status": "ok"}


@app.get("/greetings/{language}")
def greet(language: str, name: str = "world") -> dict[str, str]:
    if language not in GREETINGS:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no greeting in {language!r}")
    return {"greeting": GREETINGS[language].format(name=name)}


@app.post("/notes", status_code=status.HTTP_201_CREATED)
def write_note(note: NoteIn, engine: Database) -> NoteOut:
    return NoteOut.model_validate(add_note(engine, note.text))


@app.get("/notes")
def read_notes(engine: Database) -> list[NoteOut]:
    return [NoteOut.model_validate(note) for note in all_notes(engine)]


@app.get("/badge.png", response_class=Response)
def badge(text: str = "hello") -> Response:
    return Response(draw_badge(text[:80]), media_type="image/png")


@app.get("/self-check")
async def self_check(request: Request) -> dict[str, int]:
    """Asks this application its own questions, without a socket."""
    transport = httpx.ASGITransport(app=request.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hello.example") as client:
        paths = ["/healthz", "/greetings/en", "/badge.png", "/static/style.css"]
        return {path: (await client.get(path)).status_code for path in paths}


app.mount("/static", StaticFiles(directory=STATIC), name="static")
