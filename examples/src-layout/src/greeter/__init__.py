"""Greets, and knows its own version."""

from importlib.metadata import version

__version__ = version("greeter")
