"""Settings: a YAML file in the working directory, and the environment over it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Settings:
    model: Path
    score: float
    overlap: float
    threads: int
    max_upload: int


def read_settings(env: Mapping[str, str] = os.environ) -> Settings:
    """Reads `config.yaml`, or the file that SERVING_CONFIG names."""
    path = Path(env.get("SERVING_CONFIG", "config.yaml"))
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Settings(
        model=Path(env.get("SERVING_MODEL", values["model"])),
        score=float(env.get("SERVING_SCORE", values["score"])),
        overlap=float(env.get("SERVING_OVERLAP", values["overlap"])),
        threads=int(env.get("SERVING_THREADS", values["threads"])),
        max_upload=int(values["max-upload"]),
    )
