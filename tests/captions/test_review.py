from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fasrepro.captions import annotate, review
from fasrepro.captions.styles import STYLES
from fasrepro.llm.store import Store
from fasrepro.rows.faces import Label
from fasrepro.simulation.annotator.server import application, serve
from tests.captions.test_annotate import endpoint

VANILLA = STYLES["vanilla"]
ENDS = {Label.ATTACK: "This is a presentation attack.", Label.BONA_FIDE: "This is a bona fide face."}


def fill(path: Path, texts: dict[int, str]) -> None:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for number, text in texts.items():
        rows[number]["text"] = text
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_what_people_write_is_kept_and_stands_before_what_a_model_says(world: Any, tmp_path: Path) -> None:
    faces, path = world.faces[:6], tmp_path / "for_people.jsonl"
    assert review.give(path, faces, VANILLA, {face.face_id: "refusal: I can't" for face in faces[:3]}) == 3
    row = json.loads(path.read_text().splitlines()[1])
    assert row == {
        "face_id": faces[1].face_id,
        "style": "vanilla",
        "crop": faces[1].crop,
        "label": "attack",
        "species": "print",
        "why": "refusal: I can't",
        "text": "",
    }
    mine = f"A pale edge of a sheet runs along the whole cheek. {ENDS[faces[1].label]}"
    fill(path, {1: mine})
    with serve(application(world.annotator())) as url, Store(tmp_path / "store") as store:
        assert review.take(path, faces, VANILLA, store) == 1
        assert review.take(path, faces, VANILLA, store) == 0  # the same again is no edit
        captions, report = annotate.annotate(faces, world.crops, VANILLA, endpoint(url), store, True)
        assert [caption.face_id for caption in captions] == [face.face_id for face in faces]
        assert [caption.model for caption in captions] == ["m", "people", "m", "m", "m", "m"]
        assert captions[1].text == mine and captions[1].prompt_version == "vanilla-1-people" and report["captions"] == 6
        better = mine.replace("pale", "bright")
        fill(path, {1: better})
        assert review.take(path, faces, VANILLA, store) == 1
        captions, _ = annotate.annotate(faces, world.crops, VANILLA, endpoint(url), store, True)
        assert captions[1].text == better and captions[1].attempts == 2
        other, _ = annotate.annotate(faces[:2], world.crops, STYLES["reasoning"], endpoint(url), store, True)
        assert [caption.model for caption in other] == ["m", "m"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no json", "line 1: not a row with face_id, style and text"),
        ('{"face_id": "x", "text": "y"}', "line 1: not a row with face_id, style and text"),
        ('{"face_id": "x", "style": "reasoning", "text": "y"}', "line 1: its style is 'reasoning', not 'vanilla'"),
        ('{"face_id": "x", "style": "vanilla", "text": "y"}', "line 1: face 'x' is none of those"),
    ],
)
def test_a_file_that_is_not_what_was_given_names_its_line(world: Any, tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "f.jsonl").write_text(line + "\n")
    with Store(tmp_path / "store") as store, pytest.raises(review.EditError, match=message):
        review.take(tmp_path / "f.jsonl", world.faces, VANILLA, store)


def test_one_bad_text_keeps_none_of_the_file(world: Any, tmp_path: Path) -> None:
    faces, path = world.faces[:3], tmp_path / "f.jsonl"
    review.give(path, faces, VANILLA, {face.face_id: "empty" for face in faces})
    good = f"The skin has natural texture and shadows follow the nose. {ENDS[faces[0].label]}"
    fill(path, {0: good, 1: good})  # the second is an attack
    with Store(tmp_path / "store") as store:
        with pytest.raises(review.EditError, match=r"line 2: .*contradicts the label"):
            review.take(path, faces, VANILLA, store)
        assert len(store) == 0
