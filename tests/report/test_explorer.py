"""Explanations to look through: the same faces for all runs of a protocol, outcomes counted, a model's text as text."""

from __future__ import annotations

import dataclasses
import html
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from fasrepro.report import explorer, gallery
from fasrepro.report.explorer import Told
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.scores import Explanation, Judgement

HOSTILE = '</div>\n\n```\n<script>alert(1)</script> <img src=x onerror="alert(2)"> {{ steps }} $x$ :::{raw} html'


def face(name: str, species: str = "print", subject: str = "") -> Face:
    label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
    return Face(
        f"msu/{name}#0000", "msu", "test", subject or name, f"msu/{name}", 0, label, species, "word", "cam", (10, 20, 40, 50),
        "sidecar", f"msu/{name}.png", "0",
    )  # fmt: skip


def by_id(*faces: Face) -> dict[str, Face]:
    return {found.face_id: found for found in faces}


def tell(run: str, verdicts: dict[Face, Verdict], text: str = "A text.") -> Told:
    texts = {found.face_id: Explanation("oci_m", run, 0, found.face_id, text, 3, True) for found in verdicts}
    return Told("oci_m", run, "msu", texts, {found.face_id: verdict for found, verdict in verdicts.items()})


def test_outcomes() -> None:
    live, attack = face("a", "bona_fide"), face("b")
    assert explorer.outcome(attack, Verdict.ATTACK) == "right, attack"
    assert explorer.outcome(attack, Verdict.BONA_FIDE) == "wrong, attack"
    assert explorer.outcome(live, Verdict.BONA_FIDE) == "right, bona fide"
    assert explorer.outcome(live, Verdict.ATTACK) == "wrong, bona fide"
    assert explorer.outcome(live, Verdict.UNDECIDED) == "undecided"


JOBS = {
    "oci_m-vanilla": {"protocol": "oci_m", "run": "vanilla", "target": "msu"},
    "oci_m-silent": {"protocol": "oci_m", "run": "silent", "target": "msu"},
}


def test_the_first_seed_is_taken_by_one_reader_and_a_job_that_told_nothing_left_out() -> None:
    a, b = face("a"), face("b")
    rows = [Explanation("oci_m", "vanilla", seed, f.face_id, f"seed {seed}", 2, True) for seed in (2, 1) for f in (a, b)]
    judged = [
        Judgement("oci_m", "vanilla", 1, a.face_id, "lexical", Verdict.ATTACK),
        Judgement("oci_m", "vanilla", 1, a.face_id, "lexical_cut", Verdict.UNDECIDED),
        Judgement("oci_m", "vanilla", 2, b.face_id, "lexical", Verdict.ATTACK),
        Judgement("oci_w", "vanilla", 1, b.face_id, "lexical", Verdict.ATTACK),
    ]
    explanations = {"oci_m-vanilla": rows, "oci_m-silent": []}
    (found,) = explorer.told(JOBS, explanations, judged, "lexical", by_id(a, b))
    assert (found.protocol, found.run, found.target) == ("oci_m", "vanilla", "msu")
    assert {name: row.text for name, row in found.texts.items()} == {a.face_id: "seed 1"}
    assert found.verdicts == {a.face_id: Verdict.ATTACK}
    with pytest.raises(ValueError, match=r"oci_m-vanilla: msu/a#0000 is no face of the index; `dvc repro`"):
        explorer.told(JOBS, explanations, judged, "lexical", by_id(b))


def test_all_explanations_are_counted_by_what_they_came_to() -> None:
    live, other, attack = face("a", "bona_fide"), face("b", "bona_fide"), face("c")
    jobs = [
        tell("vanilla", {live: Verdict.BONA_FIDE, other: Verdict.ATTACK, attack: Verdict.ATTACK}),
        tell("blind", {live: Verdict.UNDECIDED, attack: Verdict.BONA_FIDE}),
    ]
    lines = html.unescape(explorer.counts(jobs, by_id(live, other, attack))).splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert rows[0] == ["protocol", "run", "explanations", *explorer.OUTCOMES]
    assert rows[2:] == [["oci_m", "vanilla", "3", "1", "1", "0", "1", "0"], ["oci_m", "blind", "2", "0", "0", "1", "0", "1"]]


def test_faces_are_of_each_species_and_bona_fide_ones_come_first() -> None:
    faces = [face(f"{species}{n}", species) for species in ("print", "replay_video", "bona_fide") for n in range(9)]
    jobs = [tell(run, dict.fromkeys(faces, Verdict.UNDECIDED)) for run in ("vanilla", "reasoning")]
    found = explorer.chosen(jobs, by_id(*faces))
    assert [f.species for f in found] == ["bona_fide"] * 2 + ["print"] * 2 + ["replay_video"] * 2
    turned = [Told(t.protocol, t.run, t.target, dict(reversed(t.texts.items())), t.verdicts) for t in jobs]
    assert explorer.chosen(turned, by_id(*faces[::-1])) == found


def test_of_many_species_fewer_faces_each_are_shown_and_never_more_than_the_most() -> None:
    few = [face(f"{s}{n}", f"species_{s:02}") for s in range(explorer.MOST // 2 + 1) for n in range(3)]
    found = explorer.chosen([tell("vanilla", dict.fromkeys(few, Verdict.ATTACK))], by_id(*few))
    assert [f.species for f in found] == [f"species_{s:02}" for s in range(explorer.MOST // 2 + 1)]
    many = [face(f"{s}", f"species_{s:02}") for s in range(explorer.MOST + 5)]
    assert len(explorer.chosen([tell("vanilla", dict.fromkeys(many, Verdict.ATTACK))], by_id(*many))) == explorer.MOST


def test_an_outcome_that_the_species_faces_do_not_show_is_added_for_each_run() -> None:
    faces = [face(f"{species}{n}", species) for species in ("print", "bona_fide") for n in range(20)]
    plain = explorer.chosen([tell("vanilla", dict.fromkeys(faces, Verdict.ATTACK))], by_id(*faces))
    rare = [f for f in faces if f not in plain]
    wrong, undecided = rare[0], rare[-1]
    jobs = [
        tell("vanilla", dict.fromkeys(faces, Verdict.ATTACK) | {wrong: Verdict.BONA_FIDE}),
        tell("reasoning", dict.fromkeys(faces, Verdict.ATTACK) | {undecided: Verdict.UNDECIDED}),
    ]
    assert {f.face_id for f in explorer.chosen(jobs, by_id(*faces))} == {f.face_id for f in (*plain, wrong, undecided)}


def test_faces_that_all_runs_tell_of_come_before_others() -> None:
    faces = [face(f"print{n}") for n in range(30)]
    alone = explorer.chosen([tell("vanilla", dict.fromkeys(faces, Verdict.ATTACK))], by_id(*faces))
    shared = [f for f in faces if f not in alone][:2]
    jobs = [tell("vanilla", dict.fromkeys(faces, Verdict.ATTACK)), tell("reasoning", dict.fromkeys(shared, Verdict.ATTACK))]
    assert sorted(f.face_id for f in explorer.chosen(jobs, by_id(*faces))) == sorted(f.face_id for f in shared)


class Elements(HTMLParser):
    """The elements of raw HTML, in order, with their attributes; `depth` is 0 again once each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        self.depth += tag != "br"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1


def elements(fragment: str) -> Elements:
    parts = re.findall(r"^```\{raw\} html\n(.*?)\n```$", fragment, re.DOTALL | re.MULTILINE)
    assert all(line for part in parts for line in part.splitlines())
    parser = Elements()
    parser.feed("\n".join(parts))
    return parser


@pytest.fixture
def jobs(world: SimpleNamespace) -> list[Told]:
    return explorer.told(world.metrics["jobs"], world.explanations, world.judgements, "lexical", by_id(*world.faces))


def made(world: SimpleNamespace, jobs: list[Told], folder: Path, show: bool = True) -> str:
    picture = gallery.Pictures(world.crops, folder, "_generated/faces", show)
    return explorer.fragment(jobs, by_id(*world.faces), {row.face_id: row for row in world.truths}, picture)


def test_each_face_has_one_picture_and_a_text_of_every_run(world: SimpleNamespace, jobs: list[Told], tmp_path: Path) -> None:
    shown = made(world, jobs, tmp_path)
    tree = elements(shown)
    assert tree.depth == 0
    blocks: dict[str, list[str]] = {}
    for _, attributes in tree.found:
        if attributes.get("class") == "explorer-face":
            protocol = str(attributes["data-protocol"])
            blocks.setdefault(protocol, [])
        elif attributes.get("class") == "explorer-told":
            blocks[protocol].append(str(attributes["data-run"]))
            assert attributes["data-outcome"] in explorer.SIGNS
    runs = list(dict.fromkeys(job.run for job in jobs))
    assert blocks.keys() == {"oci_m", "ocm_i"}
    assert all(len(found) > 2 * len(runs) and found == runs * (len(found) // len(runs)) for found in blocks.values())
    pictures = re.findall(r"^```\{image\} /_generated/faces/(\S+\.png)\n:alt: (.+)$", shown, re.MULTILINE)
    assert len(pictures) == sum(map(len, blocks.values())) // len(runs)
    assert {name for name, _ in pictures} == {path.name for path in tmp_path.iterdir()}
    assert shown.count(":width: 120px\n:height: 144px\n:loading: lazy") == len(pictures)  # crops of 40 x 48, three times as large


def test_the_filters_offer_what_is_there(world: SimpleNamespace, jobs: list[Told], tmp_path: Path) -> None:
    offered: dict[str, list[str | None]] = {}
    begin: dict[str, str | None] = {}
    for tag, attributes in elements(made(world, jobs, tmp_path)).found:
        if tag == "select":
            name = str(attributes["name"])
            offered[name] = []
        elif tag == "option":
            offered[name].append(attributes["value"])
            if "selected" in attributes:
                begin[name] = attributes["value"]
    assert begin == {"protocol": "oci_m", "run": "", "species": "", "outcome": ""}
    assert offered == {
        "protocol": ["", *dict.fromkeys(job.protocol for job in jobs)],
        "run": ["", *dict.fromkeys(job.run for job in jobs)],
        "species": ["", "bona_fide", "attack", "print", "replay_photo", "replay_video"],
        "outcome": ["", "right", "wrong", "undecided"],
    }


def test_a_hostile_explanation_makes_no_element_and_no_line_of_its_own(
    world: SimpleNamespace, jobs: list[Told], tmp_path: Path
) -> None:
    hostile = [
        dataclasses.replace(job, texts={name: dataclasses.replace(row, text=HOSTILE) for name, row in job.texts.items()})
        for job in jobs
    ]
    shown, harmless = made(world, hostile, tmp_path), made(world, jobs, tmp_path)
    tree = elements(shown)
    assert tree.depth == 0
    without = [entry for entry in tree.found if entry[0] not in ("br", "mark", "small")]
    assert without == [entry for entry in elements(harmless).found if entry[0] not in ("br", "mark", "small")]
    assert "<script" not in shown
    assert len(shown.splitlines()) == len(harmless.splitlines())


def test_without_pictures_the_texts_are_there_and_no_face(world: SimpleNamespace, jobs: list[Told], tmp_path: Path) -> None:
    shown = made(world, jobs, tmp_path / "faces", show=False)
    assert gallery.HIDDEN in shown
    assert "{image}" not in shown
    assert not (tmp_path / "faces").exists()
    tree = elements(shown)
    assert tree.depth == 0
    assert sum(attributes.get("class") == "explorer-told" for _, attributes in tree.found) == made(world, jobs, tmp_path).count(
        '"explorer-told"'
    )


def test_without_explanations_the_page_says_so(tmp_path: Path) -> None:
    picture = gallery.Pictures(tmp_path, tmp_path, "_generated/faces", True)
    assert explorer.fragment([], {}, {}, picture) == explorer.counts([], {}) == explorer.NOTHING


def test_an_empty_and_a_cut_text_say_so(tmp_path: Path) -> None:
    attack = face("a")
    job = tell("vanilla", {attack: Verdict.UNDECIDED}, text="")
    row = dataclasses.replace(job.texts[attack.face_id], finished=False)
    picture = gallery.Pictures(tmp_path, tmp_path, "_generated/faces", False)
    shown = explorer.fragment([dataclasses.replace(job, texts={attack.face_id: row})], by_id(attack), {}, picture)
    assert '<div class="model-text">(no text) <small>(cut off at the limit)</small></div>' in shown
    assert "? undecided</span>" in shown
