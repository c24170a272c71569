"""The world's tables: every number is the file's, counts are checked by hand, and licensed archives have none."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest

from fasrepro.report.known_world import KnownWorld
from fasrepro.report.pages import world
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation import worlds
from fasrepro.vocabulary import CUES
from tests import synthetic
from tests.regions import box_region
from tests.report.samples import material

MASK = box_region(8, 8, 24, 24)


@pytest.fixture
def tables() -> dict[str, Any]:
    """As results/archives/world.json holds it: its keys sorted."""
    return json.loads(json.dumps(worlds.tables("a", synthetic.default_plan()), sort_keys=True))


def cells(table: str, first: str) -> list[str]:
    """The cells of the first row that begins with a word, blanks as one."""
    rows = [[" ".join(cell.split()) for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return next(row for row in rows if row and row[0] == first)


def head(table: str) -> list[str]:
    return [cell.strip() for cell in table.splitlines()[0].split("|")[1:-1]]


def sample() -> tuple[list[Face], dict[str, Truth]]:
    """Two live faces, one with a look-alike, and three prints of one subject."""
    faces, truths = [], {}
    plan: list[tuple[str, tuple[str, ...], tuple[float, ...], tuple[str, ...], tuple[str, ...]]] = [
        ("bona_fide", (), (), (), ()),
        ("bona_fide", (), (), (), ("glare",)),
        ("print", ("halftone", "curl"), (0.5, 0.9), (), ()),
        ("print", ("halftone",), (0.7,), ("curl",), ("glare", "moire")),
        ("print", ("glare",), (0.4,), ("halftone",), ()),
    ]
    for number, (species, there, strengths, faint, alike) in enumerate(plan):
        key, live = f"siw_mv2/{number}#0000", species == "bona_fide"
        label = Label.BONA_FIDE if live else Label.ATTACK
        faces.append(
            Face(
                key,
                "siw_mv2",
                "test",
                f"s{number}",
                f"siw_mv2/{number}",
                0,
                label,
                species,
                "",
                "c",
                (0, 0, 40, 40),
                "sidecar",
                "c",
                "0",
            )
        )
        words = json.dumps({"quality": "soft" if live else "clear", "monk": "10" if live else "2"})
        truths[key] = Truth(key, there, strengths, (MASK,) * len(there), faint, alike, words)
    return faces, truths


def known_sample() -> list[tuple[Face, Truth]]:
    faces, truths = sample()
    return [(face, truths[face.face_id]) for face in faces]


def test_rates_are_those_of_the_tables_and_blank_where_a_species_never_has_the_cue(tables: dict[str, Any]) -> None:
    old, new = re.findall(r"(?:^\|.*\n)+", world.rates(tables), re.MULTILINE)
    for table in (old, new):
        for species in (row.split("|")[1].strip() for row in table.splitlines()[2:]):
            rates = tables["cue_rates"][species.replace(" ", "_")]
            for cue, cell in zip(head(table)[1:], cells(table, species)[1:], strict=True):
                assert cell == (f"{rates[cue.replace(' ', '_')]:.2f}" if cue.replace(" ", "_") in rates else "")
    assert [row.split("|")[1].strip() for row in old.splitlines()[2:]] == [
        "print", "warped photo", "cut photo", "replay photo", "replay video",
    ]  # fmt: skip
    assert len(new.splitlines()) == 2 + 12
    assert f"from {tables['strength'][0]:g} to {tables['strength'][1]:g}" in world.rates(tables)


def test_present_and_faint_cues_are_counted_by_species(tables: dict[str, Any]) -> None:
    table = world.present(tables, known_sample())
    named = dict(zip(head(table), cells(table, "print"), strict=True))
    assert (named["faces"], named["halftone"], named["curl"], named["glare"], named["moire"]) == ("3", "2 + 1", "1 + 1", "1", "")
    assert named["narrow gamut"] == "0"
    assert cells(world.survival(known_sample()), "halftone")[1:] == ["3", "2", "1", "0.67", "0.60"]
    assert cells(world.survival(known_sample()), "bezel")[1:] == ["0", "0", "0", "–", "–"]


def test_look_alikes_are_counted_in_bona_fide_and_in_attack_faces() -> None:
    table = world.look_alikes(known_sample())
    assert cells(table, "glare")[1:] == ["1", "0.500", "1", "0.333"]
    assert cells(table, "moire")[1:] == ["0", "0.000", "1", "0.333"]
    assert cells(table, "any of them")[1:] == ["1", "0.500", "1", "0.333"]
    assert "Of 2 bona fide and 3 attack faces." in table


def test_every_part_of_a_studio_is_printed(tables: dict[str, Any]) -> None:
    cameras = world.cameras(tables, known_sample())
    assert head(cameras)[1:] == [
        f"{name}: {tables['studios'][key]['camera'].replace('_', ' ')}"
        for key, name in (("msu", "MSU-MFSD"), ("casia", "CASIA-FASD"), ("replay", "Replay-Attack"), ("oulu", "OULU-NPU"))
    ] + [f"SiW-Mv2: {tables['studios']['siw_mv2']['camera']}"]
    low, high = tables["studios"]["msu"]["parts"]["camera"]["blur"]
    assert cells(cameras, "blur, pixels")[1] == f"{low:g} to {high:g}"
    assert cells(cameras, "faces of the index that are soft")[1:] == ["0", "0", "0", "0", "2"]
    assert len(cameras.splitlines()) == 2 + len(tables["studios"]["msu"]["parts"]["camera"]) + 2

    rows = [line.split(" | ") for line in world.ties(tables).splitlines()[2:]]
    differ = 0
    for studio in tables["studios"].values():
        sides = studio["parts"]["tie"]
        differ += sum(sides["bona_fide"][field] != sides["attack"][field] for field in sides["attack"])
    assert len(rows) == differ
    assert [row[1] for row in rows if row[1].strip()] == [
        tables["studios"][name]["tie"].replace("_", " ") for name in ("msu", "casia", "replay", "oulu", "siw_mv2")
    ]
    low, high = tables["studios"]["oulu"]["parts"]["workshop"]["raster"]
    assert cells(world.workshops(tables), "OULU-NPU")[2] == f"{low:g} to {high:g}"


def test_people_are_counted_once_a_subject(tables: dict[str, Any]) -> None:
    table = world.people(tables, known_sample(), True)
    assert cells(table, "subjects of the index")[1:] == ["0", "3", *["0"] * 7, "2"]
    shares = [float(cell) for cell in cells(table, "share")[1:]]
    assert sum(shares) == pytest.approx(1, abs=0.05)
    assert cells(table, "share with glasses")[1] == f"{tables['people']['glasses']:g}"


def test_people_of_photographs_have_no_ranges(tables: dict[str, Any]) -> None:
    bare = [(face, dataclasses.replace(truth, attributes="{}")) for face, truth in known_sample()]
    assert world.people(tables, bare, True) == "These people were not drawn: they are from photographs.\n"


def test_a_word_that_the_book_has_no_heading_for_is_shown_by_its_own_name(tables: dict[str, Any]) -> None:
    for studio in tables["studios"].values():
        studio["parts"]["camera"]["rolling_shutter"] = [0.0, "<b>"]
    table = world.cameras(tables, [])
    assert cells(table, "rolling shutter")
    assert "<b>" not in table


def test_values_in_words() -> None:
    texts = [
        world.shown(value) for value in ([0.1, 0.25], [], ["wall", "garden"], ["wall"], [0.9, 0.8, 0.7], True, 0.0, 21, "eyes")
    ]
    assert texts == ["0.1 to 0.25", "any", "wall, garden", "wall", "0.9, 0.8, 0.7", "yes", "0", "21", "eyes"]


def test_licensed_archives_have_no_tables_but_the_cues_words(tables: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.world_pictures, "render", lambda material: {})
    faces, truths = sample()
    by_id = {face.face_id: face for face in faces}
    licensed = world.render(material(world=KnownWorld({}, {}), faces=by_id, truths={}))
    assert {name for name, text in licensed.items() if world.UNKNOWN in text} == licensed.keys() - {"words"}
    synthetic = world.render(material(world=KnownWorld(tables, {}), faces=by_id, truths=truths))
    assert world.UNKNOWN not in synthetic.values()
    assert synthetic.keys() == licensed.keys()
    assert all(cue.replace("_", " ") in synthetic["words"] for cue in CUES)
