from __future__ import annotations

import dataclasses
import functools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from fasrepro import cli, config
from fasrepro.captions import annotate, decisions
from fasrepro.llm.types import Capabilities
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Review
from fasrepro.rows.faces import Face
from fasrepro.simulation.annotator.annotator import Annotator
from fasrepro.simulation.annotator.server import application, content_of, serve
from fasrepro.stages import annotate as stage
from fasrepro.stages import annotation
from tests.annotated_world import make_world
from tests.captions.test_annotate import project
from tests.llm.batch_server import BatchServer, completed


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_world(tmp_path_factory.mktemp("world"), 12)


@pytest.fixture
def at(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that lays out a project with settings of the annotator, and goes there."""

    def there(**annotator: Any) -> Path:
        root = project(world, tmp_path / "p", **annotator)
        monkeypatch.chdir(root)
        monkeypatch.setenv("FASREPRO_STORE", str(tmp_path / "store"))
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        return root

    return there


def test_a_dry_run_needs_no_key_and_sends_nothing(at: Any, capsys: pytest.CaptureFixture[str]) -> None:
    at(base_url="https://example.invalid/v1", model="gpt-4o-2024-11-20")
    assert cli.main(["annotate", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert [line.split(":")[0] for line in out.splitlines()[:4]] == ["vanilla", "reasoning", "neutral", "blind"]
    assert "12 images, 0 stored, 12 requests" in out and "budget $10.00" in out and "prices of 20" in out
    assert cli.main(["annotate", "--dry-run", "--set", "vanilla"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[:2]] == ["vanilla:", "model"]


def test_a_dry_run_says_what_is_skipped_for_lack_of_data(at: Any, capsys: pytest.CaptureFixture[str]) -> None:
    at()
    assert cli.main(["annotate", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "experiment caption_style cannot run: oci_m lacks OULU-NPU, CASIA-FASD, Replay-Attack; omi_c lacks" in out
    assert "protocol omi_c is skipped: OULU-NPU, Replay-Attack is absent" in out


def test_only_faces_that_a_protocol_trains_on_are_asked_about(
    at: Any, world: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second data set is indexed and named in annotator.datasets, but is a target alone."""
    root = at(base_url="https://example.invalid/v1", model="gpt-4o", datasets=["msu", "casia"])
    others = [renamed(face, "casia") for face in world.faces]
    table.write(root / "results" / "faces" / "casia.parquet", others, Face)
    shutil.rmtree(root / "results" / "truth")  # nobody knows what licensed images show
    params = config.read_yaml(root / "params.yaml")
    params["protocols"]["mine"] = {"train": ["msu"], "test": ["casia"]}
    params["experiments"] = {"own": {"protocols": ["mine"], "runs": ["vanilla"], "seeds": [0]}}
    params["archives"]["datasets"] = {"msu": {"train": 8, "test": 8}, "casia": {"train": 8, "test": 9}}

    def images() -> str:
        (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
        assert cli.main(["jobs"]) == 0
        capsys.readouterr()
        assert cli.main(["annotate", "--dry-run", "--set", "vanilla"]) == 0
        out, err = capsys.readouterr()
        assert ("not captioned, because no protocol in jobs.yaml trains on it: casia" in err) == ("24 images" not in out)
        return out.partition(",")[0]

    assert images() == "vanilla: 12 images"
    params["protocols"]["back"] = {"train": ["casia"], "test": ["msu"]}
    params["experiments"]["own"]["protocols"].append("back")
    assert images() == "vanilla: 24 images"
    params["annotator"]["datasets"] = ["oulu"]
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    assert cli.main(["annotate", "--dry-run"]) == 1
    assert "annotator.datasets: no protocol in jobs.yaml trains on any; name its sources" in capsys.readouterr().err


def renamed(face: Face, dataset: str) -> Face:
    """Return a face as one of another data set."""
    names = {key: getattr(face, key).replace("msu/", f"{dataset}/") for key in ("face_id", "subject", "presentation")}
    return dataclasses.replace(face, dataset=dataset, **names)


def test_a_dry_run_counts_stored_replies(at: Any, capsys: pytest.CaptureFixture[str]) -> None:
    at()
    stage.main(["--set", "vanilla"])
    capsys.readouterr()
    assert cli.main(["annotate", "--dry-run", "--set", "vanilla"]) == 0
    assert "12 images, 12 stored, 0 requests, 0 + 0 tokens, $0.00 live" in capsys.readouterr().out


def test_batches_fill_the_store_for_the_stage(
    at: Any, world: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    annotator = world.annotator()

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        text, image = content_of(body)
        return completed(annotator.reply(text, image, body["seed"], 600)[0])

    server = BatchServer(answer, polls=0)
    with server.serving() as url:
        root = at(base_url=url, model="gpt-4o-mini")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-0123456789")
        monkeypatch.setattr("fasrepro.llm.client.known_capabilities", lambda endpoint, store: Capabilities())
        assert cli.main(["annotate", "--batch", "--set", "vanilla"]) == 0
    out = capsys.readouterr().out
    assert "12 faces of msu -> this machine, model gpt-4o-mini" in out and "vanilla: 12 captions, 0 failed" in out
    stage.main(["--set", "vanilla"])  # the server is gone
    captions = table.read(root / "results" / "captions" / "vanilla.parquet", Caption)
    assert len(captions) == 12 and {caption.model for caption in captions} == {"gpt-4o-mini"}


def test_failed_faces_go_to_people_and_come_back(
    at: Any, world: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = at(refusals=1)
    to_people = ["annotate", "--to-people", "--set", "vanilla"]
    assert cli.main(to_people) == 1
    message = "no face of vanilla is left to people; 12 are still to be asked about by `dvc repro annotate@vanilla`"
    assert message in capsys.readouterr().err
    refused, reply = world.faces[0].face_id, Annotator.reply

    def refusing(self: Annotator, text: str, image: str, *settings: Any) -> tuple[str, str]:
        return (
            ("I'm sorry, I can't help.", "stop") if image == world.faces[0].crop_sha256 else reply(self, text, image, *settings)
        )

    monkeypatch.setattr(Annotator, "reply", refusing)
    stage.main(["--set", "vanilla"])
    assert "vanilla: `fasrepro annotate --set vanilla --to-people` hands the failed faces to people" in capsys.readouterr().out
    assert cli.main(["annotate", "--to-people", "f.jsonl"]) == 1
    assert "name one caption set, as in --set reasoning" in capsys.readouterr().err
    assert cli.main(to_people) == 0
    assert "fasrepro annotate --set vanilla --from-people people-vanilla.jsonl" in capsys.readouterr().out
    assert cli.main(to_people) == 1 and "people-vanilla.jsonl: exists already" in capsys.readouterr().err
    blank = Path("people-vanilla.jsonl")
    row = json.loads(blank.read_text())
    assert (row["face_id"], row["why"][:7]) == (refused, "refusal")
    row["text"] = "The skin has natural texture and the shadows follow the nose. This is a bona fide face."
    blank.write_text(json.dumps(row) + "\n")
    assert cli.main(["annotate", "--from-people", str(blank), "--set", "vanilla"]) == 0
    assert "reviews/vanilla.jsonl: 1 new captions; commit the file" in capsys.readouterr().out
    stage.main(["--set", "vanilla"])
    captions = {c.face_id: c for c in table.read(root / "results" / "captions" / "vanilla.parquet", Caption)}
    assert captions[refused].text == row["text"] and captions[refused].model == "people"


def test_faces_captioned_by_people_are_neither_asked_nor_estimated(
    at: Any, world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    root, face = at(), world.faces[0]
    text = "The skin has natural texture and the shadows follow the nose. This is a bona fide face."
    edit = Review(face.face_id, "vanilla", face.crop, face.crop_sha256, "bona_fide", face.species, "", text)
    (root / "reviews").mkdir()
    (root / "reviews" / "vanilla.jsonl").write_text(json.dumps(dataclasses.asdict(edit)) + "\n")
    assert cli.main(["annotate", "--dry-run", "--set", "vanilla"]) == 0
    assert "11 images, 0 stored, 11 requests" in capsys.readouterr().out
    stage.main(["--set", "vanilla"])
    captions = {c.face_id: c for c in table.read(root / "results" / "captions" / "vanilla.parquet", Caption)}
    assert (captions[face.face_id].text, captions[face.face_id].model) == (text, "people") and len(captions) == 12


def test_a_dropped_face_is_not_asked_about_and_has_no_caption(at: Any, world: Any, capsys: pytest.CaptureFixture[str]) -> None:
    root, face = at(), world.faces[0]
    about = Review(face.face_id, "vanilla", face.crop, face.crop_sha256, "bona_fide", face.species, "", "")
    decisions.append(root / "reviews" / "vanilla.jsonl", [decisions.Decision(about, "ann", decisions.DROP)])
    assert cli.main(["annotate", "--dry-run", "--set", "vanilla"]) == 0
    assert "11 images, 0 stored, 11 requests" in capsys.readouterr().out
    stage.main(["--set", "vanilla"])
    assert "vanilla: people dropped 1 faces, which have no caption" in capsys.readouterr().out
    captions = table.read(root / "results" / "captions" / "vanilla.parquet", Caption)
    assert len(captions) == 11 and face.face_id not in {caption.face_id for caption in captions}
    assert json.loads((root / "results" / "captions_report" / "vanilla.json").read_text())["dropped"] == [face.face_id]


def test_a_set_of_which_every_face_is_dropped_is_refused(at: Any, world: Any) -> None:
    root = at()
    drops = []
    for face in world.faces:
        about = Review(face.face_id, "vanilla", face.crop, face.crop_sha256, "x", face.species, "", "")
        drops.append(decisions.Decision(about, "ann", decisions.DROP))
    decisions.append(root / "reviews" / "vanilla.jsonl", drops)
    with pytest.raises(decisions.EditError, match="every face is dropped; keep some"):
        stage.main(["--set", "vanilla"])
    assert not (root / "results" / "captions").exists()


def test_only_a_written_set_is_annotated(at: Any, capsys: pytest.CaptureFixture[str]) -> None:
    at()
    assert cli.main(["annotate", "--dry-run", "--set", "prose"]) == 1
    assert "caption set 'prose' is derived from 'reasoning': name that one" in capsys.readouterr().err
    assert cli.main(["annotate", "--dry-run", "--set", "vanila"]) == 1
    assert "unknown caption set 'vanila'. Did you mean 'vanilla'" in capsys.readouterr().err


def test_nobody_is_asked_for_published_captions(at: Any, capsys: pytest.CaptureFixture[str]) -> None:
    params = at() / "params.yaml"
    content = yaml.safe_load(params.read_text())
    content["captions"]["theirs"] = {"style": "vanilla", "author": "published", "table": "t.parquet"}
    params.write_text(yaml.safe_dump(content))
    assert cli.main(["annotate", "--dry-run", "--set", "theirs"]) == 1
    assert "caption set 'theirs' is published: `dvc repro annotate@theirs` takes it" in capsys.readouterr().err
    assert cli.main(["annotate", "--dry-run"]) == 0
    assert "theirs" not in capsys.readouterr().out


def test_the_simulated_annotator_takes_no_batches(at: Any, capsys: pytest.CaptureFixture[str]) -> None:
    at()
    assert cli.main(["annotate", "--batch"]) == 1
    assert "takes no batches: `dvc repro` asks it" in capsys.readouterr().err


def test_ctrl_c_shows_no_stack_trace(at: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    at()

    def interrupted(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fasrepro.commands.annotate.dry_run", interrupted)
    assert cli.main(["annotate", "--dry-run"]) == 130
    assert capsys.readouterr().err == "fasrepro annotate: interrupted; run it again to go on\n"


def test_portraits_stay_here_unless_their_licence_allows_it(at: Any, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    root = at(base_url="https://example.invalid/v1", model="gpt-4o")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-0123456789")
    text = (root / "params.yaml").read_text().replace("people: procedural", "people: portraits")
    (root / "params.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"faces of msu may not be sent to example\.invalid: .* annotator\.may_leave"):
        stage.main(["--set", "vanilla"])
    assert not (root / "results" / "captions").exists()

    def may_leave() -> list[str]:
        params = config.load("archives", "synthetic", "annotator", "simulated", "parts", "captions")
        return annotation.tasks(params, {"vanilla": params.captions["vanilla"]})["vanilla"].may_leave

    assert may_leave() == []
    (root / "params.yaml").write_text(text.replace("may_leave: []", "may_leave:\n  - msu"))
    assert may_leave() == ["msu"]


def test_a_face_that_the_server_refuses_each_time_goes_to_people(
    at: Any, world: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    annotator, bad = world.annotator(), world.faces[0].crop_sha256
    app = application(annotator)

    @web.middleware
    async def too_large(request: web.Request, handler: Any) -> web.StreamResponse:
        is_bad = content_of(await request.json())[1] == bad
        return web.json_response({"error": {"message": "too large"}}, status=413) if is_bad else await handler(request)

    app.middlewares.append(too_large)
    with serve(app) as url:
        at(base_url=url, model="m")
        monkeypatch.setattr("fasrepro.captions.annotate.live.complete", functools.partial(patient, annotate.live.complete))
        stage.main(["--set", "vanilla"])
    assert "hands the failed faces to people" in capsys.readouterr().out
    assert cli.main(["annotate", "--to-people", "--set", "vanilla"]) == 0
    row = json.loads(Path("people-vanilla.jsonl").read_text())
    assert (row["face_id"], row["why"]) == (world.faces[0].face_id, "HTTP 413: too large")


def patient(complete: Any, *arguments: Any) -> Any:
    """Let any number of faces fail: two per cent of a dozen are none."""
    return complete(*arguments[:-1], None)


def test_a_server_is_asked_anew_what_it_accepts(at: Any, world: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with serve(application(world.annotator())) as url:
        at(base_url=url, model="m", accepts={"seed": False})
        for _ in range(2):
            assert cli.main(["annotate", "--probe"]) == 0
    assert capsys.readouterr().out.count("no log probabilities; no seed") == 2
