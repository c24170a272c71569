"""Run one stage through DVC, as a child of `fasrepro reproduce` that ends with it: `python -m fasrepro.commands.dvc_stage STAGE`.

Linux kills it when its parent dies (PR_SET_PDEATHSIG), and the stage watches DVC in turn (`stages.run`): whatever is killed, no
stage goes on writing beside the next attempt. On other systems it asks once a second whether its parent is still there.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1  # linux/prctl.h
POLL = 1.0  # seconds


def end_with(parent: int) -> None:
    """End this process when its parent ends; end now if that was not `parent` any more."""
    if sys.platform == "linux":
        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        sys.exit("the parent has ended")


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    """Run the stage that the command line names, after the process id of the parent."""
    parent, stage = sys.argv[1:]
    end_with(int(parent))
    from dvc.cli import main as dvc

    return int(dvc(["--wait-for-lock", "repro", "--single-item", stage]))


if __name__ == "__main__":
    sys.exit(main())
