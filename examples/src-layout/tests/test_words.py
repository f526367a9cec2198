from greeter.api import WORDS


def test_words_are_there() -> None:
    assert "hello" in WORDS
