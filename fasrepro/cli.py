"""The `fasrepro` command: wires what a person types to fasrepro/commands."""

from __future__ import annotations

import argparse
import subprocess
import sys

from fasrepro import __version__
from fasrepro.commands import (
    annotate,
    book,
    calibrate,
    caption,
    clean,
    counterfactual,
    demo,
    doctor,
    export,
    inspect,
    jobs,
    merge,
    plan,
    predict,
    publish,
    record,
    reproduce,
    rescore,
    review,
    threshold,
    verify,
    why,
)

COMMANDS = {
    "annotate": annotate,
    "book": book,
    "calibrate": calibrate,
    "caption": caption,
    "clean": clean,
    "counterfactual": counterfactual,
    "demo": demo,
    "doctor": doctor,
    "export": export,
    "inspect": inspect,
    "jobs": jobs,
    "merge": merge,
    "plan": plan,
    "predict": predict,
    "publish": publish,
    "record": record,
    "reproduce": reproduce,
    "rescore": rescore,
    "review": review,
    "threshold": threshold,
    "verify": verify,
    "why": why,
}


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit status; what a user can mend is a message, not a trace."""
    parser = argparse.ArgumentParser(prog="fasrepro", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        module.add_arguments(verbs.add_parser(name, help=(module.__doc__ or "").splitlines()[0], description=module.__doc__))
    arguments = parser.parse_args(argv)
    try:
        return COMMANDS[arguments.command].run(arguments)
    except (ValueError, OSError, subprocess.CalledProcessError) as error:
        print(f"fasrepro {arguments.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"fasrepro {arguments.command}: interrupted; run it again to go on", file=sys.stderr)
        return 130  # as a shell reports Ctrl-C


if __name__ == "__main__":
    sys.exit(main())
