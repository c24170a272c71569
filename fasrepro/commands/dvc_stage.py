"""Run one stage through DVC, as a child of `fasrepro reproduce` that ends with it: `python -m fasrepro.commands.dvc_stage STAGE`.

Linux kills it when its parent dies (PR_SET_PDEATHSIG), and the stage watches DVC in turn (`stages.run`): whatever is killed, no
stage goes on writing beside the next attempt.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with(parent: int) -> None:
    """Have Linux kill this process when its parent ends; end now if that was not `parent` any more."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit("the parent has ended")


def main() -> int:
    """Run the stage that the command line names, after the process id of the parent."""
    parent, stage = sys.argv[1:]
    end_with(int(parent))
    from dvc.cli import main as dvc

    return int(dvc(["--wait-for-lock", "repro", "--single-item", stage]))


if __name__ == "__main__":
    sys.exit(main())
