"""`fasrepro demo`: a page on this machine that takes a picture by file or camera, and shows what an exported model says of it.

Prints the page's address and serves it until Ctrl-C. No picture leaves this machine or is written to disk.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fasrepro import local_page

PORT = 8766


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="as `fasrepro export` writes it")
    parser.add_argument("--threshold-file", type=Path, metavar="FILE", help="as `fasrepro threshold` writes it for this model")
    parser.add_argument("--port", type=int, default=PORT, help="of the page (default %(default)s; 0: any free one)")


def run(arguments: argparse.Namespace) -> int:
    """Serve the page."""
    from fasrepro.deployment import demo, exported, judging  # here, with torch, because it takes seconds that no other verb needs

    loaded = exported.load(arguments.folder)
    threshold = judging.threshold_of(loaded, arguments.threshold_file)
    token = local_page.new_token()
    with local_page.opened(arguments.port) as listening:
        print(f"{arguments.folder}: {loaded.about.job}; Ctrl-C ends it")
        print(local_page.address(listening, token), flush=True)
        local_page.serve(demo.application(loaded, threshold, judging.warning(loaded, threshold), token), listening)
    return 0
