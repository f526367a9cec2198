"""Settings, from the environment: `HELLO_DATA_DIR=/somewhere`."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HELLO_")

    title: str = "Hello"
    data_dir: Path = Path.home() / "data"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.data_dir / 'notes.sqlite'}"
