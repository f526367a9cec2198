"""The `greeter` command: says hello to everybody it is told of."""

import argparse

from greeter import __version__


def main() -> None:
    parser = argparse.ArgumentParser(prog="greeter", description=__doc__)
    parser.add_argument("--version", action="version", version=f"greeter {__version__}")
    parser.add_argument("names", nargs="*", default=["world"])
    for name in parser.parse_args().names:
        print(f"Hello, {name}!")
