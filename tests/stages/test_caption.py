"""The stage `caption@set`: whole or nothing, the same bytes after a kill, and no label in what the model is asked."""

from __future__ import annotations

import dataclasses
import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest

from fasrepro import files, paths
from fasrepro.captions.sets import CaptionSetError, FacesOfPart, Generation
from fasrepro.captions.silver import SilverError
from fasrepro.models.backbones import BackboneError
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Label
from fasrepro.stages import annotate, caption, caption_writer, jobs, set_faces
from fasrepro.stages.part_faces import PartError
from tests import caption_models
from tests.caption_models import NAME, TEXT

SET = ["--set", "silver"]
OUTPUTS = (paths.captions("silver"), paths.captions_report("silver"))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written() -> list[bytes]:
    return [path.read_bytes() for path in OUTPUTS]


def writer(settings: Generation) -> caption_writer.CaptionWriter:
    return caption_writer.load(NAME, "tight", settings, jobs.crop_reader())


def test_the_captions_of_a_part_and_a_report_on_them(world: Any, captioner: Path, capsys: pytest.CaptureFixture[str]) -> None:
    caption_models.project(world, captioner)
    caption.main(SET)
    report, captions = files.read_json(paths.captions_report("silver")), table.read(paths.captions("silver"), Caption)
    faces = {face.face_id: face for face in world.faces}
    assert captions and {row.text for row in captions} == {TEXT}  # it says of every face that it is an attack
    assert {faces[row.face_id].label for row in captions} == {Label.ATTACK}
    assert {(row.model, row.label_aware) for row in captions} == {(NAME, False)}
    funnel = report["funnel"]
    assert funnel["written"] == report["faces"] == 6 and funnel["accepted"] == len(captions)
    assert len(report["failed"]) + len(captions) == 6
    gold = report["beside"]["cues"]
    assert report["beside"]["set"] == "gold" and gold["right"] + gold["invented"] == 5  # each of its captions names the moire
    assert not caption_writer.work("silver").exists()
    assert f"caption silver: {len(captions)} captions of 6 texts; refused: " in capsys.readouterr().out


def test_a_killed_stage_goes_on_and_writes_the_same_bytes(world: Any, captioner: Path) -> None:
    settings = {"temperature": 0.3, "shard_size": 1, "max_new_tokens": 220}
    caption_models.project(world, captioner, generation=settings, accept={"form": False, "label": False})
    faces = [face.face_id for face in set_faces.of_set(FacesOfPart("C", 6), {"msu": {"A": 0.2, "C": 0.6, "D": 0.2}})]
    child = multiprocessing.get_context("fork").Process(target=caption.main, args=(SET,))
    child.start()
    shards = caption_writer.work("silver")
    while child.is_alive() and len(list(shards.glob("*/0*.json"))) < 2:
        time.sleep(0.01)
    child.kill()  # SIGKILL
    child.join()
    assert child.exitcode == -9
    before = list(shards.glob("*/0*.json"))
    assert 2 <= len(before) < 6 and not any(path.exists() for path in OUTPUTS)
    asked: list[str] = []
    original = caption_writer.CaptionWriter.write

    def watched(self: Any, batch: Any) -> Any:
        asked.extend(face.face_id for face in batch)
        return original(self, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(caption_writer.CaptionWriter, "write", watched)
        caption.main(SET)
    assert asked == faces[len(before) :]
    resumed = written()
    caption.main(SET)
    assert written() == resumed


def test_a_model_whose_every_text_fails_writes_nothing(world: Any, checkpoint: Path, tmp_path: Path) -> None:
    caption_models.learn(checkpoint, tmp_path / "untrained", steps=0)
    caption_models.project(world, tmp_path / "untrained", generation={"max_new_tokens": 12})
    with pytest.raises(SilverError, match=r"none of its 6 texts is accepted \(6 cut off\)\. Of msu/.* it wrote "):
        caption.main(SET)
    assert not any(path.exists() for path in OUTPUTS)


def test_what_is_drawn_about_a_face_depends_on_no_other_face_and_no_label(world: Any, captioner: Path) -> None:
    caption_models.project(world, captioner)
    faces = world.faces[:5]
    flipped = [dataclasses.replace(face, label=Label(1 - face.label), species="x", instrument="y") for face in faces]
    settings = Generation(temperature=1.0, seed=3, max_new_tokens=16, batch_size=3)
    texts = writer(settings).write(faces)
    assert len({text.text for text in texts}) > 1
    assert writer(settings).write(flipped) == texts
    assert writer(dataclasses.replace(settings, batch_size=2)).write(faces[::-1])[::-1] == texts
    assert writer(dataclasses.replace(settings, seed=4)).write(faces) != texts


def test_what_does_not_fit_is_refused(world: Any, captioner: Path) -> None:
    caption_models.project(world, captioner, faces={"part": "B"})
    with pytest.raises(PartError, match="no faces in part B"):
        caption.main(SET)
    with pytest.raises(CaptionSetError, match="no caption model writes this set: run `dvc repro annotate@gold`"):
        caption.main(["--set", "gold"])
    with pytest.raises(CaptionSetError, match="run `dvc repro caption@silver`"):
        annotate.main(SET)
    with pytest.raises(BackboneError, match="its crop is 'tight', not 'wide'"):
        caption_writer.load(NAME, "wide", Generation(), jobs.crop_reader())
    with pytest.raises(BackboneError, match=r"grpo-9: no checkpoint\.json"):
        caption_writer.identity("grpo-9")
    files.write_text(paths.review("silver"), "{}\n")
    with pytest.raises(CaptionSetError, match="people edit what an annotator wrote"):
        caption.main(SET)


def test_two_processes_do_not_write_one_set(world: Any) -> None:
    refused = pytest.raises(SilverError, match="another process writes the texts of silver")
    with caption_writer.locked("silver"), refused, caption_writer.locked("silver"):
        pass
