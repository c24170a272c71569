"""Galleries: a model's text is text, cues are marked by what is known of the image, no face where none may be printed."""

from __future__ import annotations

import html
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.report import fragments, gallery, pages
from fasrepro.rows.truth import Truth
from fasrepro.vocabulary import CUES
from tests.regions import box_region

HOSTILE = '<script>alert(1)</script>\n<img src=x onerror="alert(2)">\n```\n{{ training_steps }} $x$ :::{raw} html'


def text_of(fragment: str) -> str:
    """What a browser shows of an HTML fragment."""
    return html.unescape(re.sub(r"<[^>]*>", "", fragment.replace("<br>", "\n")))


def test_hostile_text_becomes_text() -> None:
    shown = gallery.escaped(HOSTILE)
    assert set(re.findall(r"<[^>]*>", shown)) == {"<br>"}
    assert text_of(shown) == HOSTILE
    assert not set("`{}$\n") & set(shown)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n\r\x1e\x85")))
def test_any_text_is_one_line_without_a_tag_of_its_own_and_is_shown_as_it_is(text: str) -> None:
    shown = gallery.marked(text, ())
    assert not re.search(r"<(?!br>|/?mark|/?small)", shown)
    assert len(shown.splitlines()) <= 1
    assert "".join(text_of(shown).split()) == "".join(text.split())


def test_control_characters_are_replaced() -> None:
    assert gallery.escaped("a\x00b\x1bc\ud800") == "a\ufffdb\ufffdc\ufffd"


def test_named_cues_are_marked_by_what_is_in_the_image() -> None:
    shown = gallery.marked("I see the rim of a MONITOR and wavy\ninterference  stripes & more.", {"bezel"})
    assert '<mark class="cue-present">the rim of a MONITOR <small>✓ there</small></mark>' in shown
    assert '<mark class="cue-absent">wavy<br>interference  stripes <small>✗ not there</small></mark>' in shown
    assert shown.endswith("&amp; more.")
    assert "<mark" not in gallery.marked("the rim of a monitor", None)


@pytest.mark.parametrize("cue", CUES)
def test_every_phrasing_is_found(cue: str) -> None:
    for phrasing in CUES[cue].phrasings:
        assert gallery.marked(phrasing.capitalize(), {cue}).count("cue-present") == 1
        assert gallery.marked(phrasing, ()).count("cue-absent") == 1


def material(world: SimpleNamespace, show: bool) -> pages.Material:
    return pages.Material(
        pages.by_id(world.faces),
        pages.by_id(world.truths),
        world.crops,
        {style: pages.by_id(rows) for style, rows in world.captions.items()},
        {"prose": pages.by_id(world.captions["reasoning"])},
        world.scores,
        world.explanations,
        world.judgements,
        world.metrics,
        show,
    )


def test_captions_stand_beside_their_image_in_every_style(world: SimpleNamespace, tmp_path: Path) -> None:
    found = material(world, show=True)
    picture = gallery.Pictures(world.crops, tmp_path, "_generated/faces", show=True)
    shown = gallery.captions(found.faces, found.captions, found.truths, picture)
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


def test_only_faces_drawn_from_nothing_may_be_printed() -> None:
    assert fragments.may_print_faces("synthetic", "procedural")
    assert not fragments.may_print_faces("synthetic", "portraits")
    assert not fragments.may_print_faces("licensed", "procedural")


def test_no_face_is_printed_that_may_not_be(world: SimpleNamespace, tmp_path: Path) -> None:
    pages.write(material(world, False), ["label_only", "vanilla", "reasoning"], "lexical", tmp_path)
    assert not (tmp_path / "faces").exists()
    assert not [path.name for path in (tmp_path / "figures").iterdir() if path.name.startswith(("contact", "world"))]
    for name in ("contact_sheets", "world_species", "world_cues", "captions", "explanations"):
        assert gallery.HIDDEN in (tmp_path / f"{name}.md").read_text(encoding="utf-8")


def test_pages_have_the_same_bytes_twice(world: SimpleNamespace, tmp_path: Path) -> None:
    for copy in ("a", "b"):
        pages.write(material(world, True), ["label_only", "vanilla", "reasoning"], "lexical", tmp_path / copy)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) > 20
    assert files == sorted(path.relative_to(tmp_path / "b") for path in (tmp_path / "b").rglob("*") if path.is_file())
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in files)


def test_counts_of_the_index(world: SimpleNamespace) -> None:
    rows = [line for line in fragments.counts(world.faces).splitlines() if "MSU" in line]
    assert [cell.strip() for cell in rows[0].split("|")[1:-1]] == ["MSU-MFSD", "train", "3", "3", "9", "12"]
    assert len(rows) == 2


NOTHING = {"videos": 4, "excluded": {}, "single_face": {}, "centre": [], "stand_ins": {}, "turned": {}}


def cells(text: str) -> list[list[str]]:
    return [[html.unescape(cell.strip()) for cell in line.split("|")[1:-1]] for line in text.splitlines()]


def test_what_the_index_took_otherwise_is_counted_and_named() -> None:
    assert fragments.exclusions({"msu": NOTHING, "casia": NOTHING}) == "Of 8 videos none was left out.\n"
    unusual = NOTHING | {
        "single_face": {"b.avi": "3 of 10 candidate frames with a face"},
        "centre": ["a.avi"],
        "stand_ins": {f"{letter}.avi": "frame 22 for 20" for letter in "cdefg"},
        "turned": {"h.avi": 2},
    }
    first, blank, *lines = fragments.exclusions({"msu": NOTHING, "casia": unusual}).splitlines()
    assert (first, blank) == ("Of 8 videos none was left out.", "")
    assert cells("\n".join(lines)) == [
        ["data set", "taken otherwise", "videos", "which"],
        ["---", "---", "---:", "---"],
        ["CASIA-FASD", "the middle of the picture is the face box", "1", "a.avi"],
        ["CASIA-FASD", "one face", "1", "b.avi"],
        [
            "CASIA-FASD",
            "a neighbouring frame stands in for one without a face",
            "5",
            "c.avi, d.avi, e.avi and 2 more in results/index.json",
        ],
        ["CASIA-FASD", "turned upright", "1", "h.avi"],
    ]


def test_what_the_index_left_out_is_counted_by_its_reason() -> None:
    missing = {f"Live_{n}": "listed in pro_3_text/testlist_*.txt, but not there" for n in (3, 4, 5, 6)}
    listed = {"Dev_files/1_1_21_2.avi": "listed in Protocols/Protocol_1/Dev.txt, but not there"}
    unlisted = {f"Live/Live_{n}.mov": f"Live_{n} is in no list of Protocol I" for n in (7, 8)}
    broken = {"Live/Live_1.mov": "truncated: 31 of 52 frames", "Live/Live_2.mov": "truncated: 9 of 50 frames"}
    text = fragments.exclusions(
        {"oulu": NOTHING | {"excluded": listed}, "siw": NOTHING | {"excluded": missing | unlisted | broken}}
    )
    assert cells(text)[2:] == [
        ["OULU-NPU", "listed in Protocols/Protocol_1/Dev.txt, but not there", "1", "Dev_files/1_1_21_2.avi"],
        [
            "SiW-Mv2",
            "listed in pro_3_text/testlist_*.txt, but not there",
            "4",
            "Live_3, Live_4, Live_5 and 1 more in results/index.json",
        ],
        ["SiW-Mv2", "... is in no list of Protocol I", "2", "Live/Live_7.mov, Live/Live_8.mov"],
        ["SiW-Mv2", "truncated", "2", "Live/Live_1.mov, Live/Live_2.mov"],
    ]


def test_settings_become_names_for_prose() -> None:
    values = fragments.flatten("a", {"b": {"c": 0.5}, "styles": ["x", "y"], "on": True, "text": "a <b>"})
    assert values == {"a_b_c": "0.5", "a_styles": "x, y", "a_on": "true", "a_text": "a &lt;b&gt;"}


def test_the_formula_has_the_weights_of_the_recipe() -> None:
    assert "L = 0.7\\, L_\\mathrm{cls} + 0.3\\, L_\\mathrm{cap}" in fragments.formula(0.7, 0.3)
