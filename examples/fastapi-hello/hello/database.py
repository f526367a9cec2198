"""Notes in SQLite."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


def utc_now() -> datetime:
    """SQLite knows no time zones: what is stored is UTC, and says so nowhere."""
    return datetime.now(UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(500))
    written: Mapped[datetime] = mapped_column(default=utc_now)


def open_database(folder: Path, url: str) -> Engine:
    folder.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    return engine


def add_note(engine: Engine, text: str) -> Note:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        note = Note(text=text)
        session.add(note)
    return note


def all_notes(engine: Engine) -> list[Note]:
    with Session(engine) as session:
        return list(session.scalars(select(Note).order_by(Note.id)))
