"""A review of a small world: two styles, replies as a model gave them, and any number of editors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fasrepro.captions.styles import OF_LABEL as VERDICT_OF
from fasrepro.captions.styles import STYLES, VERDICTS
from fasrepro.reviewing.replies import StoredReply
from fasrepro.reviewing.session import ReviewSet, Session
from fasrepro.rows.faces import Face
from tests.annotated_world import World


def caption(face: Face, words: str = "A pale edge of a sheet runs along the whole cheek.") -> str:
    """Return a caption of the style vanilla that states the right verdict."""
    return f"{words} {VERDICTS[VERDICT_OF[face.label]]}"


def replies(face: Face) -> list[StoredReply]:
    """Return a refusal and an accepted reply; of a print, the refusal alone."""
    refused = StoredReply(1, f"refused {face.face_id}", "I cannot <b>judge</b>.", "refusal: I cannot judge.", "Describe.")
    accepted = StoredReply(2, f"key of {face.face_id}", caption(face), "", "Describe, please.")
    return [refused] if face.species == "print" else [refused, accepted]


@pytest.fixture
def reviewed(world: World, tmp_path: Path) -> ReviewSet:
    """Six faces of each kind in turn: bona fide, print, replay."""
    return ReviewSet(
        name="vanilla",
        style=STYLES["vanilla"],
        faces=world.faces[:6],
        truths={truth.face_id: truth for truth in world.truths},
        replies=replies,
        prompt=lambda face: "Describe.",
        crops=world.crops,
        path=tmp_path / "reviews" / "vanilla.jsonl",
        drafts=tmp_path / "drafts",
    )


@pytest.fixture
def session(reviewed: ReviewSet) -> Callable[[str], Session]:
    """Return a function that opens the review as one editor."""
    return lambda editor: Session(reviewed, editor)
