"""Explanations to browse: the same faces for all runs of a cell, outcomes counted, and a model's text stays text."""

from __future__ import annotations

import dataclasses
import html
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from fasrepro.evaluation.results import Cell
from fasrepro.report import explorer, gallery, printing, tables
from fasrepro.report.explorer import CellExplanations
from fasrepro.report.material import by_face
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.scores import Explanation, Judgement
from tests.report.samples import DRAWN, PORTRAITS

HOSTILE = '</div>\n\n```\n<script>alert(1)</script> <img src=x onerror="alert(2)"> {{ steps }} $x$ :::{raw} html'


def face(name: str, species: str = "print", subject: str = "") -> Face:
    label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
    return Face(
        f"msu/{name}#0000", "msu", "test", subject or name, f"msu/{name}", 0, label, species, "word", "cam", (10, 20, 40, 50),
        "sidecar", f"msu/{name}.png", "0",
    )  # fmt: skip


def explain(run: str, verdicts: dict[Face, Verdict], text: str = "A text.") -> CellExplanations:
    texts = {one.face_id: Explanation("oci_m", run, 0, one.face_id, text, 3, True) for one in verdicts}
    return CellExplanations("oci_m", run, "msu", texts, {one.face_id: verdict for one, verdict in verdicts.items()})


def test_outcomes() -> None:
    live, attack = face("a", "bona_fide"), face("b")
    assert explorer.outcome(attack, Verdict.ATTACK) == "right, attack"
    assert explorer.outcome(attack, Verdict.BONA_FIDE) == "wrong, attack"
    assert explorer.outcome(live, Verdict.BONA_FIDE) == "right, bona fide"
    assert explorer.outcome(live, Verdict.ATTACK) == "wrong, bona fide"
    assert explorer.outcome(live, Verdict.UNDECIDED) == "undecided"


CELLS = [
    Cell("oci_m", run, target, cell) for run in ("vanilla", "silent") for target, cell in (("msu", "oci_m"), ("siw_mv2", "oci_w"))
]


def test_explanations_are_of_the_first_seed_on_their_target_as_one_reader_judged_them() -> None:
    a, b = face("a"), face("b")
    rows = [Explanation("oci_m", "vanilla", seed, f.face_id, f"seed {seed}", 2, True) for seed in (2, 1) for f in (a, b)]
    judged = [
        Judgement("oci_m", "vanilla", 1, a.face_id, "lexical", Verdict.ATTACK),
        Judgement("oci_m", "vanilla", 1, a.face_id, "lexical_cut", Verdict.UNDECIDED),
        Judgement("oci_m", "vanilla", 2, b.face_id, "lexical", Verdict.ATTACK),
        Judgement("ocm_i", "vanilla", 1, b.face_id, "lexical", Verdict.ATTACK),
    ]
    (collected,) = explorer.collect(CELLS, rows, judged, "lexical", by_face([a, b]))  # no face of SiW-Mv2, no text of `silent`
    assert (collected.cell, collected.run, collected.target) == ("oci_m", "vanilla", "msu")
    assert {name: row.text for name, row in collected.texts.items()} == {a.face_id: "seed 1"}
    assert collected.verdicts == {a.face_id: Verdict.ATTACK}
    with pytest.raises(ValueError, match=r"oci_m-vanilla: msu/a#0000 is not in the index; run `dvc repro`"):
        explorer.collect(CELLS, rows, judged, "lexical", by_face([b]))


def test_all_explanations_are_counted_by_outcome() -> None:
    live, other, attack = face("a", "bona_fide"), face("b", "bona_fide"), face("c")
    jobs = [
        explain("vanilla", {live: Verdict.BONA_FIDE, other: Verdict.ATTACK, attack: Verdict.ATTACK}),
        explain("blind", {live: Verdict.UNDECIDED, attack: Verdict.BONA_FIDE}),
    ]
    lines = html.unescape(explorer.outcome_table(jobs, by_face([live, other, attack]))).splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert rows[0] == ["protocol", "run", "explanations", *explorer.OUTCOMES]
    assert rows[2:] == [["oci_m", "vanilla", "3", "1", "1", "0", "1", "0"], ["oci_m", "blind", "2", "0", "0", "1", "0", "1"]]


def test_faces_of_each_species_are_sampled_bona_fide_first() -> None:
    faces = [face(f"{species}{n}", species) for species in ("print", "replay_video", "bona_fide") for n in range(9)]
    jobs = [explain(run, dict.fromkeys(faces, Verdict.UNDECIDED)) for run in ("vanilla", "reasoning")]
    sampled = explorer.sample_faces(jobs, by_face(faces))
    assert [f.species for f in sampled] == ["bona_fide"] * 2 + ["print"] * 2 + ["replay_video"] * 2
    turned = [CellExplanations(t.cell, t.run, t.target, dict(reversed(t.texts.items())), t.verdicts) for t in jobs]
    assert explorer.sample_faces(turned, by_face(faces[::-1])) == sampled


def test_many_species_have_fewer_faces_each_and_never_more_than_the_most() -> None:
    few = [face(f"{s}{n}", f"species_{s:02}") for s in range(explorer.MOST // 2 + 1) for n in range(3)]
    sampled = explorer.sample_faces([explain("vanilla", dict.fromkeys(few, Verdict.ATTACK))], by_face(few))
    assert [f.species for f in sampled] == [f"species_{s:02}" for s in range(explorer.MOST // 2 + 1)]
    many = [face(f"{s}", f"species_{s:02}") for s in range(explorer.MOST + 5)]
    assert len(explorer.sample_faces([explain("vanilla", dict.fromkeys(many, Verdict.ATTACK))], by_face(many))) == explorer.MOST


def test_a_missing_outcome_is_added_for_each_run() -> None:
    faces = [face(f"{species}{n}", species) for species in ("print", "bona_fide") for n in range(20)]
    plain = explorer.sample_faces([explain("vanilla", dict.fromkeys(faces, Verdict.ATTACK))], by_face(faces))
    rare = [f for f in faces if f not in plain]
    wrong, undecided = rare[0], rare[-1]
    jobs = [
        explain("vanilla", dict.fromkeys(faces, Verdict.ATTACK) | {wrong: Verdict.BONA_FIDE}),
        explain("reasoning", dict.fromkeys(faces, Verdict.ATTACK) | {undecided: Verdict.UNDECIDED}),
    ]
    assert {f.face_id for f in explorer.sample_faces(jobs, by_face(faces))} == {f.face_id for f in (*plain, wrong, undecided)}


def test_faces_that_more_runs_explain_come_first() -> None:
    faces = [face(f"print{n}") for n in range(30)]
    alone = explorer.sample_faces([explain("vanilla", dict.fromkeys(faces, Verdict.ATTACK))], by_face(faces))
    shared = [f for f in faces if f not in alone][:2]
    jobs = [explain("vanilla", dict.fromkeys(faces, Verdict.ATTACK)), explain("reasoning", dict.fromkeys(shared, Verdict.ATTACK))]
    assert sorted(f.face_id for f in explorer.sample_faces(jobs, by_face(faces))) == sorted(f.face_id for f in shared)


class Elements(HTMLParser):
    """The elements of raw HTML, in order, with their attributes; `depth` is 0 again once each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
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
def jobs(world: SimpleNamespace) -> list[CellExplanations]:
    cells = tables.in_order(world.metrics.cells.values(), ["label_only", "vanilla", "reasoning"])
    return explorer.collect(cells, world.explanations, world.judgements, "lexical", by_face(world.faces))


def rendered(world: SimpleNamespace, jobs: list[CellExplanations], folder: Path, show: bool = True) -> str:
    picture = gallery.Pictures(world.crops, folder, "_generated/faces", DRAWN if show else PORTRAITS)
    return explorer.browser(jobs, by_face(world.faces), {row.face_id: row for row in world.truths}, picture)


def test_each_face_has_one_picture_and_a_text_of_every_run(
    world: SimpleNamespace, jobs: list[CellExplanations], tmp_path: Path
) -> None:
    shown = rendered(world, jobs, tmp_path)
    tree = elements(shown)
    assert tree.depth == 0
    blocks: dict[str, list[str]] = {}
    for _, attributes in tree.elements:
        if attributes.get("class") == "explorer-face":
            protocol = str(attributes["data-protocol"])
            blocks.setdefault(protocol, [])
        elif attributes.get("class") == "explorer-text":
            blocks[protocol].append(str(attributes["data-run"]))
            assert attributes["data-outcome"] in explorer.SIGNS
    runs = list(dict.fromkeys(job.run for job in jobs))
    assert blocks.keys() == {"oci_m", "ocm_i"}
    assert all(len(sampled) > 2 * len(runs) and sampled == runs * (len(sampled) // len(runs)) for sampled in blocks.values())
    pictures = re.findall(r"^```\{image\} /_generated/faces/(\S+\.png)\n:alt: (.+)$", shown, re.MULTILINE)
    assert len(pictures) == sum(map(len, blocks.values())) // len(runs)
    assert {name for name, _ in pictures} == {path.name for path in tmp_path.iterdir()}
    assert shown.count(":width: 120px\n:height: 144px\n:loading: lazy") == len(pictures)  # crops of 40 x 48, three times as large


def test_filters_offer_only_existing_values(world: SimpleNamespace, jobs: list[CellExplanations], tmp_path: Path) -> None:
    offered: dict[str, list[str | None]] = {}
    begin: dict[str, str | None] = {}
    for tag, attributes in elements(rendered(world, jobs, tmp_path)).elements:
        if tag == "select":
            name = str(attributes["name"])
            offered[name] = []
        elif tag == "option":
            offered[name].append(attributes["value"])
            if "selected" in attributes:
                begin[name] = attributes["value"]
    assert begin == {"protocol": "oci_m", "run": "", "species": "", "outcome": ""}
    assert offered == {
        "protocol": ["", *dict.fromkeys(job.cell for job in jobs)],
        "run": ["", *dict.fromkeys(job.run for job in jobs)],
        "species": ["", "bona_fide", "attack", "print", "replay_photo", "replay_video"],
        "outcome": ["", "right", "wrong", "undecided"],
    }


def test_a_hostile_explanation_adds_no_element_and_no_line(
    world: SimpleNamespace, jobs: list[CellExplanations], tmp_path: Path
) -> None:
    hostile = [
        dataclasses.replace(job, texts={name: dataclasses.replace(row, text=HOSTILE) for name, row in job.texts.items()})
        for job in jobs
    ]
    shown, harmless = rendered(world, hostile, tmp_path), rendered(world, jobs, tmp_path)
    tree = elements(shown)
    assert tree.depth == 0
    without = [entry for entry in tree.elements if entry[0] not in ("br", "mark", "small")]
    assert without == [entry for entry in elements(harmless).elements if entry[0] not in ("br", "mark", "small")]
    assert "<script" not in shown
    assert len(shown.splitlines()) == len(harmless.splitlines())


def test_without_pictures_the_texts_remain(world: SimpleNamespace, jobs: list[CellExplanations], tmp_path: Path) -> None:
    shown = rendered(world, jobs, tmp_path / "faces", show=False)
    assert printing.PORTRAITS in shown
    assert "{image}" not in shown
    assert not (tmp_path / "faces").exists()
    tree = elements(shown)
    assert tree.depth == 0
    assert sum(attributes.get("class") == "explorer-text" for _, attributes in tree.elements) == rendered(
        world, jobs, tmp_path
    ).count('"explorer-text"')


def test_without_explanations_the_page_says_so(tmp_path: Path) -> None:
    picture = gallery.Pictures(tmp_path, tmp_path, "_generated/faces", DRAWN)
    assert explorer.browser([], {}, {}, picture) == explorer.outcome_table([], {}) == explorer.NOTHING


def test_an_empty_and_a_cut_text_say_so(tmp_path: Path) -> None:
    attack = face("a")
    job = explain("vanilla", {attack: Verdict.UNDECIDED}, text="")
    row = dataclasses.replace(job.texts[attack.face_id], finished=False)
    picture = gallery.Pictures(tmp_path, tmp_path, "_generated/faces", PORTRAITS)
    shown = explorer.browser([dataclasses.replace(job, texts={attack.face_id: row})], by_face([attack]), {}, picture)
    assert '<div class="model-text">(no text) <small>(cut off at the limit)</small></div>' in shown
    assert "? undecided</span>" in shown
