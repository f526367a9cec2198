"""Lists its plug-ins, which it finds by their files, and the revision that its database is at."""

import importlib
import os
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from flask import Flask, jsonify
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///" + os.environ.get("DATABASE_FILE", "/tmp/notes.db")
db = SQLAlchemy(app)
Migrate(app, db)

PLUGINS = Path(__file__).parent / "plugins"


def load_plugins() -> list[str]:
    names = sorted(path.stem for path in PLUGINS.glob("*.py") if path.stem != "__init__")
    return [importlib.import_module(f"plugins.{name}").TITLE for name in names]


class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String(200), nullable=False)
    author = db.Column(db.String(80))


@app.get("/")
def index():
    with db.engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    return jsonify(plugins=load_plugins(), revision=revision)


@app.get("/healthz")
def health():
    return "ok"
