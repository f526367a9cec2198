from importlib import resources
from importlib.metadata import entry_points

from fastapi import FastAPI

from greeter import __version__

WORDS = resources.files("greeter").joinpath("words.txt").read_text(encoding="utf-8").split()

app = FastAPI(title="Greeter", version=__version__)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "ok", "version": __version__}


@app.get("/words")
def words() -> list[str]:
    return WORDS


@app.get("/commands")
def commands() -> list[str]:
    """The console scripts that this distribution brought."""
    return sorted(point.name for point in entry_points(group="console_scripts") if point.dist.name == "greeter")
