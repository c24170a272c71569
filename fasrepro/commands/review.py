"""`fasrepro review SET`: a page on this machine on which people accept, mend and drop the captions of a set.

Prints the page's address and serves it until Ctrl-C. Decisions are added to reviews/<set>.jsonl; the stage `annotate` reads them.
--export writes captions and decisions for other tools, and --import takes decisions in: Label Studio's JSON if the file is called
*.json, a JSON line a face if it is called *.jsonl. Neither file holds a picture.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterable
from pathlib import Path

from fasrepro import config, local_page, paths
from fasrepro.captions import annotate, sets
from fasrepro.llm.store import Store
from fasrepro.reviewing import exchange, server
from fasrepro.reviewing.replies import StoredReply, stored_replies
from fasrepro.reviewing.session import ReviewSet, Session
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.stages import annotation
from fasrepro.stages.annotation import AnnotationTask


def review_set(name: str, task: AnnotationTask, store: Store) -> ReviewSet:
    """Return a set with what the store knows of its captions, and what is known of its faces."""
    endpoint = annotation.endpoint_of(task.endpoint, task.simulated)
    requests, accept = annotate.requests_for(task.faces, paths.CROPS, task.style, task.label_aware, task.rounds)

    def replies(face: Face) -> list[StoredReply]:
        return stored_replies(face.face_id, requests[face.face_id], endpoint, store, accept)

    return ReviewSet(
        name=name,
        style=task.style,
        faces=task.faces,
        truths=_truths(task.faces),
        replies=replies,
        prompt=lambda face: requests[face.face_id].user,
        crops=paths.CROPS,
        path=paths.review(name),
        drafts=paths.WORK / "review" / name,
    )


def _truths(faces: Iterable[Face]) -> dict[str, Truth]:
    """Return what is known of synthetic faces, by face_id."""
    tables = [
        table.read(path, Truth) for name in sorted({face.dataset for face in faces}) if (path := paths.truth(name)).is_file()
    ]
    return {truth.face_id: truth for truths in tables for truth in truths}


def serve(session: Session, port: int) -> None:
    """Serve the page until Ctrl-C or SIGTERM. Raises `ServerError` for a port that cannot be used."""
    token = local_page.new_token()
    with local_page.opened(port) as listening:
        print(f"{session.reviewed.name}: {len(session.reviewed.faces)} faces, editor {session.editor}; Ctrl-C ends it")
        print(local_page.address(listening, token), flush=True)
        local_page.serve(server.application(session, token), listening)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("set", help="a caption set that an author writes")
    parser.add_argument("--editor", default="", help="the name under which decisions are kept (default: your user name here)")
    parser.add_argument("--port", type=int, default=server.PORT, help=f"of the page (default {server.PORT}; 0: any free one)")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--export", type=Path, metavar="FILE", help="write captions and decisions to a .json or .jsonl file")
    action.add_argument("--import", type=Path, metavar="FILE", dest="import_", help="take the decisions of such a file in")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    params = config.load("archives", "synthetic", "annotator", "simulated", "parts", "captions")
    sets.check(params.captions)
    caption_set = sets.lookup(params.captions, arguments.set)
    if caption_set.is_derived:
        raise sets.CaptionSetError(
            f"caption set {arguments.set!r} is made from {' and '.join(caption_set.parents)}: review that one"
        )
    task = annotation.tasks(params, {arguments.set: caption_set})[arguments.set]
    with Store(paths.store()) as store:
        reviewed = review_set(arguments.set, task, store)
        session = Session(reviewed, arguments.editor.strip() or getpass.getuser())
        if session.notice:
            print(session.notice, file=sys.stderr)
        if arguments.export:
            print(f"{arguments.export}: {exchange.write(arguments.export, session)} faces")
        elif arguments.import_:
            print(f"{reviewed.path}: {exchange.take_in(arguments.import_, session)} new decisions")
        else:
            serve(session, arguments.port)
    return 0
