"""One entry point a DVC stage: parse, load, call, write."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable


def run(main: Callable[[], None]) -> None:
    """Run a stage; a `ValueError` is a message for the user, and so is an `OSError` (a full disk, a file that may not be read).

    It is printed without a trace, and the exit status is 1.
    """
    try:
        main()
    except (ValueError, OSError) as error:
        stage = main.__module__ if main.__module__ != "__main__" else sys.argv[0].rsplit("/", 1)[-1].removesuffix(".py")
        print(f"{stage}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit("interrupted")


def name_argument(argv: list[str] | None, description: str | None, what: str) -> str:
    """Parse a command line that is one name, of a job, a run, a protocol, ... (`what`), and return it."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("name", help=what)
    return parser.parse_args(argv).name
