"""One entry point a DVC stage: parse, load, call, write."""

from __future__ import annotations

import argparse
import os
import select
import sys
import threading
from collections.abc import Callable

import psutil

SHELLS = ("sh", "dash", "bash", "zsh", "fish")


def end_with_dvc() -> None:
    """End this process when the DVC that runs it ends, so that no killed run's stage writes beside the next one's.

    A stage that is run by hand ends by itself. Between DVC and the stage there may be a shell.
    """
    if "DVC_STAGE" not in os.environ:
        return
    parents = psutil.Process().parents()
    dvc = next((parent for parent in parents if parent.name() not in SHELLS), None)
    if dvc is None:
        sys.exit("DVC has ended")
    ended = os.pidfd_open(dvc.pid) if hasattr(os, "pidfd_open") else None  # Linux has it, macOS does not

    def watch() -> None:
        if ended is None:
            dvc.wait()
        else:
            select.select([ended], [], [])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def run(main: Callable[[], None]) -> None:
    """Run a stage; a `ValueError` is a message for the user, and so is an `OSError` (a full disk, a file that may not be read).

    It is printed without a trace, and the exit status is 1.
    """
    end_with_dvc()
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
