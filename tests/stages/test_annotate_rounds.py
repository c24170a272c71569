"""A set that is asked in rounds, on faces of a part: from params to captions, simulated edits and the funnel."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from fasrepro import config, paths, vocabulary
from fasrepro.captions import checks, decisions
from fasrepro.captions.styles import OF_LABEL, REFRAMINGS, STYLES
from fasrepro.data import people_parts
from fasrepro.llm.types import EndpointError
from fasrepro.report import published
from fasrepro.report.material import Material, by_face
from fasrepro.report.pages import PAGES
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.simulation.annotator.server import application, content_of, serve
from fasrepro.stages import annotate, annotation
from fasrepro.stages.part_faces import PartError
from tests.stages import projects

RATES = dict.fromkeys(("refusal", "bad_format", "cut_off", "empty", "http_error"), 0.06)
PARTS = {"msu": {"A": 0.8, "D": 0.2}}


@pytest.fixture
def project(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what lays out a project with the world's index in this folder, and asks for `gold`."""
    shutil.copytree(world.root / "results", tmp_path / "results")
    shutil.copy(projects.ROOT / "jobs.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASREPRO_STORE", raising=False)
    monkeypatch.setattr(annotate, "MAX_LEFT_TO_PEOPLE", 0.5)

    def ask(faces: dict[str, Any] | None = None, rates: dict[str, float] = RATES, **annotator: Any) -> dict[str, Any]:
        gold = {"style": "cot", "author": "annotator", "rounds": 2, "faces": faces or {"part": "A"}}
        projects.write_params(annotator=annotator, simulated=rates, captions={"gold": gold})
        params = yaml.safe_load(paths.PARAMS.read_text(encoding="utf-8"))
        paths.PARAMS.write_text(yaml.safe_dump(params | {"parts": PARTS}, sort_keys=False), encoding="utf-8")
        annotate.main(["--set", "gold"])
        return dict(json.loads(paths.captions_report("gold").read_text(encoding="utf-8")))

    return ask


def captions() -> dict[str, Caption]:
    return {row.face_id: row for row in table.read(paths.captions("gold"), Caption)}


def test_every_face_of_the_part_agrees_or_is_edited_and_the_funnel_adds_up(project: Any, world: Any) -> None:
    report = project()
    people = people_parts.faces_of_part(world.faces, PARTS, "A")
    funnel = report["funnel"]
    assert funnel["sampled"] == len(people) == report["faces"]
    assert funnel["asked_again"] == funnel["agreed_later"] + funnel["edited"]["simulated editor"] > funnel["agreed_later"] > 0
    assert (funnel["dropped"], funnel["left"], report["failed"]) == (0, 0, {})
    rows = captions()
    assert rows.keys() == {face.face_id for face in people}
    for face in people:
        assert checks.parse(STYLES["cot"], rows[face.face_id].text) == (rows[face.face_id].text, OF_LABEL[face.label])
    models = Counter(row.model for row in rows.values())
    assert models["simulated editor"] == funnel["edited"]["simulated editor"]
    assert max(report["attempts"]) <= "8" and sum(report["attempts"].values()) == len(people)


def test_simulated_edits_have_the_format_of_peoples_and_name_what_is_in_the_image(project: Any, world: Any) -> None:
    project()
    entries = decisions.read(paths.simulated_review("gold"), STYLES["cot"])
    present = annotation.present_cues(world.faces)
    assert entries and {entry.decision.editor for entry in entries} == {"simulated editor"}
    for entry in entries:
        review = entry.decision.review
        assert set(vocabulary.named_cues(review.text)) == set(present[review.face_id] if review.label == "attack" else [])
        assert captions()[review.face_id].text == review.text and review.why


def test_people_win_over_the_simulation_face_by_face(project: Any) -> None:
    funnel = project()["funnel"]
    edited, dropped = decisions.read(paths.simulated_review("gold"), STYLES["cot"])[:2]
    decisions.append(
        paths.review("gold"),
        [
            dataclasses.replace(edited.decision, editor="ann"),
            dataclasses.replace(
                dropped.decision, editor="ann", action="drop", review=dataclasses.replace(dropped.decision.review, text="")
            ),
        ],
    )
    report = project()
    assert report["funnel"] == funnel | {
        "edited": {"people": 1, "simulated editor": funnel["edited"]["simulated editor"] - 2},
        "dropped": 1,
    }
    assert captions()[edited.decision.review.face_id].model == "people"
    assert dropped.decision.review.face_id not in captions() and report["dropped"] == [dropped.decision.review.face_id]
    simulated = decisions.read(paths.simulated_review("gold"), STYLES["cot"])
    assert not {edited.decision.review.face_id, dropped.decision.review.face_id} & {e.decision.review.face_id for e in simulated}


def test_an_attack_that_shows_nothing_is_dropped_by_the_simulation(project: Any, world: Any) -> None:
    table.write(paths.truth("msu"), [dataclasses.replace(one, cues=(), strengths=(), regions=()) for one in world.truths], Truth)
    report = project(rates=dict.fromkeys(RATES, 0.2))
    assert report["funnel"]["dropped"] == len(report["dropped"]) > 0
    by_id = {face.face_id: face for face in world.faces}
    assert all(by_id[face_id].label for face_id in report["dropped"])
    assert report["funnel"]["sampled"] == report["captions"] + len(report["dropped"])


def test_a_reply_that_contradicts_the_label_is_asked_for_once_more_and_no_oftener(project: Any, world: Any) -> None:
    """A server that calls every face live in the first round, and knows better in the second; three faces it never gets right."""
    annotator = world.annotator()
    stubborn = {face.crop_sha256 for face in people_parts.faces_of_part(world.faces, PARTS, "A") if face.label}
    stubborn = set(sorted(stubborn)[:3])
    asked: Counter[str] = Counter()
    app = application(annotator)

    @web.middleware
    async def mistaken(request: web.Request, handler: Any) -> web.StreamResponse:
        response = await handler(request)
        text, image = content_of(await request.json())[:2]
        if not image or response.status != 200:
            return response
        asked[image] += 1
        body = json.loads(response.body)
        if not text.startswith(REFRAMINGS[0]) or image in stubborn:
            answer = body["choices"][0]["message"]
            answer["content"] = answer["content"].replace("<Conclusion>No<", "<Conclusion>Yes<").replace('": "No"', '": "Yes"')
        return web.json_response(body)

    app.middlewares.append(mistaken)
    with serve(app) as url:
        report = project(base_url=url, model="m")
    attacks = [face for face in people_parts.faces_of_part(world.faces, PARTS, "A") if face.label]
    assert report["rejected"] == {"contradicts the label": len(attacks) + 3}
    assert report["funnel"] == {
        "sampled": report["faces"],
        "agreed": report["faces"] - len(attacks),
        "asked_again": len(attacks),
        "agreed_later": len(attacks) - 3,
        "edited": {},
        "dropped": 0,
        "left": 3,
    }
    assert {asked[face.crop_sha256] for face in attacks} == {2}
    assert paths.simulated_review("gold").read_text() == "", "a real annotator's failures are left to real people"
    assert len(report["failed"]) == 3


def test_so_many_faces_are_chosen_evenly_and_the_same_again(project: Any, world: Any) -> None:
    report = project({"part": "A", "count": 12, "balanced": True}, dict.fromkeys(RATES, 0.0))
    assert {name: group["faces"] for name, group in report["species"].items()} == dict.fromkeys(
        ("bona_fide", "print", "replay_video"), 4
    )
    first = paths.captions("gold").read_bytes()
    shutil.rmtree(".store")
    project({"part": "A", "count": 12, "balanced": True}, dict.fromkeys(RATES, 0.0))
    assert paths.captions("gold").read_bytes() == first


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        ({"part": "A", "count": 500}, r"500 faces wanted, and there are \d+ in part A \(gold captions\) of msu: lower `count`"),
        ({"part": "B"}, r"no faces in part B \(the pool of reinforcement learning\) of msu: give it a share in `parts`"),
        ({"part": "a"}, r"captions: faces: unknown part 'a'"),
    ],
)
def test_faces_that_are_not_there_are_refused(project: Any, faces: dict[str, Any], message: str) -> None:
    with pytest.raises(PartError, match=message):
        project(faces)
    assert not paths.captions("gold").exists()


def test_an_annotator_that_fails_on_most_faces_stops_the_stage(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotate, "MAX_LEFT_TO_PEOPLE", 0.1)
    with pytest.raises(EndpointError, match=r"of \d+ requests failed"):
        project(rates=dict.fromkeys(RATES, 0.0) | {"bad_format": 0.9})
    assert not paths.captions("gold").exists()


def test_a_set_whose_data_sets_are_absent_is_refused_by_name(project: Any) -> None:
    shutil.rmtree(paths.FACES)
    with pytest.raises(PartError, match=r"no faces in part A .gold captions. of msu: give it a share in `parts`"):
        project()
    assert config.load("parts").parts == PARTS and not [row for row in paths.CAPTIONS.glob("*") if row.suffix == ".parquet"]


def test_faces_of_other_parts_are_not_asked_about(project: Any, world: Any) -> None:
    others: list[Face] = people_parts.faces_of_part(world.faces, PARTS, "D")
    project()
    assert others and not {face.face_id for face in others} & captions().keys()


def test_the_page_shows_the_funnel_and_a_face_of_each_species_with_its_cues_marked(
    project: Any, world: Any, tmp_path: Path
) -> None:
    report = project()
    shutil.copytree(paths.CROPS, paths.PICTURES)
    params = vars(config.load(*PAGES["gold"].needs.params))
    inputs = {
        "captions": {"gold": captions()},
        "caption_reports": {"gold": report},
        "faces": by_face(world.faces),
        "truths": by_face(world.truths),
        "published": published.load(),
    }
    fragments = PAGES["gold"].render(Material(params, PAGES["gold"].needs, tmp_path / "gold", "gold", loaded=inputs))
    assert "simulated editor" in fragments["funnel"] and "98,976" in fragments["funnel"]
    assert fragments["examples"].count("grid-item-card") == 3 == len(list((tmp_path / "gold" / "faces").glob("*.png")))
    assert 'class="cue-present"' in fragments["examples"] and "&lt;Spoofing Description&gt;" in fragments["examples"]
    absent = PAGES["gold"].render(Material(params, PAGES["gold"].needs, loaded=inputs | {"caption_reports": {}}))
    assert absent.keys() == fragments.keys()
    assert [name for name, text in absent.items() if "PROFILE=one_to_eleven" in text] == ["answer"]
