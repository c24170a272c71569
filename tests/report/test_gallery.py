"""Galleries: cues are marked by what is known of the image, and no face is printed that may not be."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.report import gallery, printing
from fasrepro.report.material import by_face
from fasrepro.rows.truth import Truth
from fasrepro.vocabulary import CUES
from tests.regions import box_region
from tests.report.samples import DRAWN, PORTRAITS
from tests.report.test_markdown import text_of


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n\r\x1e\x85")))
def test_marked_text_is_one_line_with_no_tags_but_marks(text: str) -> None:
    marked = gallery.mark_cues(text, ())
    assert not re.search(r"<(?!br>|/?mark|/?small)", marked)
    assert len(marked.splitlines()) <= 1
    assert "".join(text_of(marked).split()) == "".join(text.split())


def test_named_cues_are_marked_by_what_is_in_the_image() -> None:
    marked = gallery.mark_cues("I see the rim of a MONITOR and wavy\ninterference  stripes & more.", {"bezel"})
    assert '<mark class="cue-present">the rim of a MONITOR <small>✓ there</small></mark>' in marked
    assert '<mark class="cue-absent">wavy<br>interference  stripes <small>✗ not there</small></mark>' in marked
    assert marked.endswith("&amp; more.")
    assert "<mark" not in gallery.mark_cues("the rim of a monitor", None)


@pytest.mark.parametrize("cue", CUES)
def test_every_phrasing_is_found(cue: str) -> None:
    for phrasing in CUES[cue].phrasings:
        assert gallery.mark_cues(phrasing.capitalize(), {cue}).count("cue-present") == 1
        assert gallery.mark_cues(phrasing, ()).count("cue-absent") == 1


def test_captions_of_every_set_are_shown_beside_their_image(world: SimpleNamespace, tmp_path: Path) -> None:
    picture = gallery.Pictures(world.crops, tmp_path, "_generated/faces", DRAWN)
    captions = {name: by_face(rows) for name, rows in world.captions.items()}
    shown = gallery.captions(by_face(world.faces), captions, by_face(world.truths), picture)
    species = {face.species for face in world.faces}
    assert shown.count("grid-item-card") == len(species)
    assert shown.count("vanilla</span>") == shown.count("reasoning</span>") == len(species)
    named = re.findall(r"/_generated/faces/(\S+\.png)", shown)
    assert len(named) == len(species)
    assert sorted(named) == sorted(path.name for path in tmp_path.iterdir())


def test_a_cue_that_is_outside_the_crop_is_not_there(world: SimpleNamespace) -> None:
    face = next(face for face in world.faces if face.species == "print")  # its box is 30 20 40 48
    masks = (box_region(0, 0, 88, 88), box_region(72, 0, 20, 88))
    truth = Truth(face.face_id, ("halftone", "bezel"), (0.5, 0.5), masks, ("curl",), ("glare",), "{}")
    truths = {face.face_id: truth}
    assert gallery.present_cues(face, truths) == ["halftone"]
    assert gallery.truth_note(face, truths) == "In the image&#58; halftone; look-alike of glare"
    assert gallery.present_cues(face, {}) is None
    assert gallery.truth_note(face, {}) == ""


def test_no_face_is_copied_if_none_may_be_printed(world: SimpleNamespace, tmp_path: Path) -> None:
    picture = gallery.Pictures(world.crops, tmp_path / "faces", "_generated/faces", PORTRAITS)
    captions = {name: by_face(rows) for name, rows in world.captions.items()}
    shown = gallery.captions(by_face(world.faces), captions, by_face(world.truths), picture)
    assert printing.PORTRAITS in shown and "{image}" not in shown
    assert not (tmp_path / "faces").exists()
    assert gallery.captions({}, captions, {}, picture) == gallery.NO_CAPTIONS


def test_a_sentence_is_marked_by_whether_all_its_cues_are_there() -> None:
    moire, glare = (CUES[name].phrasings[0] for name in ("moire", "glare"))
    text = f"<Caption>A <b> face.</Caption>\n<Reasoning>I see {moire}. Here is {moire} and {glare}. Soft light.</Reasoning>"
    marked = gallery.mark_sentences(text, {"moire"})
    first, second = re.findall(r'<mark class="cue-(\w+)">(.*?)</mark>', marked)
    assert first[0] == "present" and first[1].startswith("I see") and "✓ there" in first[1]
    assert second[0] == "absent" and second[1].startswith("Here is") and "✗ not there" in second[1]
    assert "&lt;b&gt; face." in marked and "Soft light.&lt;/Reasoning&gt;" in marked
    assert "<mark" not in gallery.mark_sentences(text, None)
