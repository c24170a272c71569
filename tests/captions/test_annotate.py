from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from fasrepro import config
from fasrepro.captions import annotate, sets
from fasrepro.captions.sets import CaptionSetError
from fasrepro.captions.styles import STYLES
from fasrepro.crops import CropError
from fasrepro.llm.store import Store
from fasrepro.llm.types import Endpoint, EndpointError
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.simulation import annotator as simulated
from fasrepro.simulation.annotator.server import application, serve
from fasrepro.stages import annotate as stage
from fasrepro.stages import derive
from tests.annotated_world import SPECIES

ROOT = Path(__file__).parents[2]
RATES = {"missed_cue": 0.15, "invented_cue": 0.15, "refusal": 0.1, "bad_format": 0.1, "cut_off": 0.05, "empty": 0.05}
KEY = "sk-very-secret-0123456789"


def endpoint(url: str, **changes: Any) -> Endpoint:
    return dataclasses.replace(Endpoint(url, KEY, "m", 8, 6, 10.0, 600, 0.7, 1, backoff_s=0.01), **changes)


def project(world: Any, root: Path, **annotator: Any) -> Path:
    """Lay out a project with the world's index, and the default params with other settings of the annotator."""
    shutil.copytree(world.root / "results", root / "results")
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["annotator"] |= {"datasets": ["msu"], **annotator}
    params["simulated"] |= dict.fromkeys(("refusal", "bad_format", "cut_off", "empty", "http_error"), 0.05)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    shutil.copy(ROOT / "jobs.yaml", root)
    return root


def test_two_runs_on_empty_stores_write_the_same_bytes(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = []
    declared = config.load("captions", path=ROOT / "params.yaml").captions
    written = sets.written(sets.without_absent(declared, [], ["msu"])[0])
    for folder, concurrency in (("one", 16), ("two", 3)):
        root = project(world, tmp_path / folder, concurrency=concurrency)
        monkeypatch.chdir(root)
        monkeypatch.delenv("FASREPRO_STORE", raising=False)
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        for name in written:
            stage.main(["--set", name])
        assert (root / ".store").is_dir()
        outputs.append({path.name: path.read_bytes() for path in sorted((root / "results").glob("captions*/*"))})
    assert not any(
        (root / "results" / "reviews" / f"{name}.jsonl").read_bytes() for name in written
    )  # asked until they are captions
    assert outputs[0] == outputs[1]
    assert sorted(outputs[0]) == sorted(f"{name}.{kind}" for name in written for kind in ("json", "parquet"))
    assert json.loads(outputs[0]["neutral.json"])["verdict_agreement"] is None
    assert 0.5 < json.loads(outputs[0]["blind.json"])["verdict_agreement"] < 1.0
    report = json.loads(outputs[0]["reasoning.json"])
    assert report["captions"] == report["faces"] == len(world.faces) == sum(report["attempts"].values())
    assert report["verdict_agreement"] == 1.0 and report["failed"] == {}
    retries = sum((int(attempts) - 1) * count for attempts, count in report["attempts"].items())
    assert sum(report["rejected"].values()) == retries > 0
    captions = table.read(tmp_path / "one" / "results" / "captions" / "reasoning.parquet", Caption)
    assert {caption.face_id for caption in captions} == {face.face_id for face in world.faces}
    words = [len(caption.text.split()) for caption in captions]
    assert report["mean_words"] == round(sum(words) / len(words), 2)
    assert report["words"]["mean"] == report["mean_words"]
    # Told the label, the annotator invents cues that go with it; not told, it mistakes look-alikes, here on live faces only.
    assert 0.0 == json.loads(outputs[0]["blind.json"])["fits_not_image"] < report["fits_not_image"]
    assert {name: group["faces"] for name, group in report["species"].items()} == dict.fromkeys(SPECIES, 15)
    assert report["datasets"]["msu"]["rejected"] == report["rejected"] and report["datasets"]["msu"]["failed"] == 0
    assert [len(chosen) for chosen in report["examples"].values()] == [2, 2, 2]


def test_only_official_train_faces_are_captioned(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(world, tmp_path / "p")
    faces = [dataclasses.replace(face, split="test") if number % 2 else face for number, face in enumerate(world.faces)]
    table.write(root / "results" / "faces" / "msu.parquet", faces, Face)
    monkeypatch.chdir(root)
    monkeypatch.setenv("FASREPRO_STORE", str(tmp_path / "elsewhere"))
    stage.main(["--set", "vanilla"])
    captions = table.read(root / "results" / "captions" / "vanilla.parquet", Caption)
    assert {caption.face_id for caption in captions} == {face.face_id for face in faces if face.split == "train"}
    assert (tmp_path / "elsewhere" / "replies.jsonl").is_file() and not (root / ".store").exists()


def test_an_annotator_with_other_rates_gets_no_stored_reply_of_the_first(world: Any, tmp_path: Path) -> None:
    texts = []
    for invented in (0.0, 1.0):
        annotator = world.annotator(invented_cue=invented)
        settings = {"concurrency": 8, "attempts": 4, "timeout_s": 10.0, "max_tokens": 600, "temperature": 0.7, "seed": 1}
        described = simulated.endpoint_of(annotator, "simulated-annotator", **settings)
        with simulated.serving(annotator, described) as endpoint, Store(tmp_path) as store:
            captions, _ = annotate.annotate(world.faces[:9], world.crops, STYLES["vanilla"], endpoint, store, True)
            texts.append([caption.text for caption in captions])
    assert texts[0] != texts[1]


def test_captions_that_contradict_the_label_are_asked_again_and_failures_named(world: Any, tmp_path: Path) -> None:
    """A server that calls everything bona fide: each attack fails once its attempts are used up; the store keeps every reply."""
    text = "The skin has natural texture and the shadows follow the nose. This is a bona fide face."

    async def chat(request: web.Request) -> web.Response:
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        return web.json_response({"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})

    app = web.Application()
    app.add_routes([web.post("/v1/chat/completions", chat)])
    style = STYLES["vanilla"]
    with serve(app) as url, Store(tmp_path / "store") as store:
        server = endpoint(url, attempts=2)
        captions, report = annotate.annotate(world.faces[:6], world.crops, style, server, store, True, max_failed_share=0.7)
        assert [caption.face_id for caption in captions] == [world.faces[0].face_id, world.faces[3].face_id]
        assert report["failed"] == {
            face.face_id: "contradicts the label: told attack, says bona_fide" for face in world.faces[:6] if face.label
        }
        assert report["rejected"] == {"contradicts the label": 8} and len(store) == 10
        with pytest.raises(EndpointError, match="requests failed, 0 may"):
            annotate.annotate(world.faces[:6], world.crops, style, server, store, True)
        blind, report = annotate.annotate(world.faces[:6], world.crops, style, server, store, False)
        assert len(blind) == 6 and {caption.verdict for caption in blind} == {Verdict.BONA_FIDE}
        assert report["verdict_agreement"] == pytest.approx(1 / 3, abs=1e-6)
    assert KEY not in "".join(path.read_text() for path in (tmp_path / "store").iterdir()) + json.dumps(report)


def test_a_crop_that_the_index_does_not_know_is_never_sent(world: Any, tmp_path: Path) -> None:
    face = dataclasses.replace(world.faces[0], crop=world.faces[1].crop)
    gone = dataclasses.replace(world.faces[0], crop="msu/gone.png")
    with serve(application(world.annotator())) as url, Store(tmp_path) as store:
        for bad, message in ((face, "its pixels are not those of the index"), (gone, r"gone\.png: no such crop")):
            with pytest.raises(CropError, match=message):
                annotate.annotate([bad], world.crops, STYLES["vanilla"], endpoint(url), store, True)
        assert len(store) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base_url": "https://example.invalid/v1", "model": "some-model"}, "OPENAI_API_KEY is not set"),
        ({"base_url": "https://example.invalid/v1"}, "'simulated-annotator' is simulated; name one of https://example"),
        ({"base_url": "openai"}, "neither 'simulated' nor a URL"),
        ({"base_url": "simulated", "no truth": True}, "only synthetic archives have a truth"),
    ],
)
def test_an_impossible_annotator_is_a_clear_error_and_writes_nothing(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], message: str
) -> None:
    no_truth = change.pop("no truth", False)
    root = project(world, tmp_path / "p", **change)
    if no_truth:
        table.write(root / "results" / "truth" / "msu.parquet", [], Truth)  # as of licensed archives
    monkeypatch.chdir(root)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ValueError, match=message):
        stage.main(["--set", "vanilla"])
    assert not (root / "results" / "captions").exists()


def test_an_annotator_with_its_own_prompt_is_asked_nothing_else(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    text = "The skin has natural texture and the shadows follow the nose. This is a bona fide face."

    async def chat(request: web.Request) -> web.Response:
        seen.append(await request.json())
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        return web.json_response({"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})

    app = web.Application()
    app.add_routes([web.post("/v1/chat/completions", chat)])
    with serve(app) as url:
        root = project(world, tmp_path, base_url=url, model="m", prompt="Is it real?")
        monkeypatch.chdir(root)
        monkeypatch.setenv("FASREPRO_STORE", str(tmp_path / "store"))
        stage.main(["--set", "vanilla"])
        with pytest.raises(annotate.AnnotationError, match="has no captions of style 'neutral'"):
            stage.main(["--set", "neutral"])
    questions = [body for body in seen if body["max_tokens"] == 600]  # the probe's questions are shorter or longer
    assert len(questions) == len(world.faces)
    assert {json.dumps(body["messages"][0]["content"][1]) for body in questions} == {'{"type": "text", "text": "Is it real?"}'}
    assert all(len(body["messages"]) == 1 and "response_format" not in body for body in questions)
    captions = table.read(root / "results" / "captions" / "vanilla.parquet", Caption)
    assert {caption.label_aware for caption in captions} == {False} and captions[1].verdict is Verdict.BONA_FIDE


def test_faces_leave_this_machine_only_if_their_licence_allows_it(world: Any) -> None:
    remote = endpoint("https://api.example.com/v1")
    assert annotate.check_licences(world.faces, remote, ["msu"]) == "45 faces of msu -> api.example.com, model m"
    with pytest.raises(annotate.AnnotationError, match=r"faces of msu may not be sent to api\.example\.com"):
        annotate.check_licences(world.faces, remote, ["casia"])
    assert "this machine" in annotate.check_licences(world.faces, endpoint("http://127.0.0.1:1/v1"), [])


def test_a_set_with_another_name_keeps_its_style(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(world, tmp_path / "p")
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["captions"] = {
        "steps": {"style": "reasoning", "author": "annotator"},
        "plain": {"derived": "prose", "of": "steps"},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.chdir(root)
    monkeypatch.setenv("FASREPRO_STORE", str(tmp_path / "store"))
    stage.main(["--set", "steps"])
    derive.main(["--set", "plain"])
    steps, plain = (table.read(root / "results" / "captions" / f"{name}.parquet", Caption) for name in ("steps", "plain"))
    assert {caption.style for caption in steps} == {"reasoning"} and {caption.style for caption in plain} == {"prose"}
    assert [caption.request_key for caption in plain] == [caption.request_key for caption in steps]
    with pytest.raises(CaptionSetError, match=r"plain is made from steps: run `dvc repro derive@plain`"):
        stage.main(["--set", "plain"])
    with pytest.raises(CaptionSetError, match=r"steps: no control makes this set: run `dvc repro annotate@steps`"):
        derive.main(["--set", "steps"])
    with pytest.raises(CaptionSetError, match=r"unknown caption set 'step'\. Did you mean 'steps'"):
        stage.main(["--set", "step"])


def test_a_data_set_that_is_not_present_is_skipped_with_a_notice(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project(world, tmp_path / "p", datasets=["msu", "casia"]))
    monkeypatch.setenv("FASREPRO_STORE", str(tmp_path / "store"))
    stage.main(["--set", "vanilla"])
    assert "not present, and not captioned: casia (no results/faces/casia.parquet)" in capsys.readouterr().err
    monkeypatch.chdir(project(world, tmp_path / "q", datasets=["casia"]))
    with pytest.raises(annotate.AnnotationError, match=r"no train faces of casia in results/faces: see annotator\.datasets"):
        stage.main(["--set", "vanilla"])
    monkeypatch.chdir(project(world, tmp_path / "r", datasets=["mus"]))
    with pytest.raises(annotate.AnnotationError, match=r"annotator\.datasets: unknown data set 'mus'\. Did you mean 'msu'"):
        stage.main(["--set", "vanilla"])
