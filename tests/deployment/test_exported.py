from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fasrepro import files
from fasrepro.archives.layout import MediaFile, Presentation
from fasrepro.data import presentations
from fasrepro.deployment import card, exported, found_faces, pictures, results
from fasrepro.hashing import pixel_hash
from fasrepro.models import vlm
from fasrepro.models.backbones import BackboneError
from fasrepro.rows.faces import Label
from tests import videos
from tests.cartoon import cartoon
from tests.exports import about, draw, export
from tests.index_settings import INDEX


@pytest.mark.parametrize("form", [exported.ADAPTER, exported.MERGED])
def test_an_exported_model_gives_the_scores_of_the_trained_one(
    form: str, checkpoint: Path, tmp_path: Path, picture: Callable[[int], Image.Image]
) -> None:
    folder, before = export(checkpoint, tmp_path, form)
    loaded = exported.load(folder)
    images = [picture(number) for number in range(3)]
    assert loaded.about == about(folder, form)
    np.testing.assert_allclose(loaded.scorer(images), before(images), atol=1e-6)
    assert not [path for path in folder.rglob("*") if path.suffix in (".bin", ".pt", ".pkl")]


def test_a_missing_or_changed_weight_file_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    folder, _ = export(checkpoint, tmp_path)
    head = folder / vlm.HEAD_FILE
    head.write_bytes(head.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BackboneError, match=r"head\.safetensors: not the file that fasrepro.json names"):
        exported.load(folder)
    head.unlink()
    with pytest.raises(BackboneError, match=r"no head\.safetensors; export the job again"):
        exported.load(folder)


@pytest.mark.parametrize("form", [exported.ADAPTER, exported.MERGED])
def test_a_head_is_refused_at_another_site_than_its_own(checkpoint: Path, tmp_path: Path, form: str) -> None:
    folder, _ = export(checkpoint, tmp_path, form)
    contents = files.read_json(folder / vlm.MADE_OF)
    files.write_json(folder / vlm.MADE_OF, {**contents, "head_site": "projector"})
    with pytest.raises(BackboneError, match=r"checkpoint\.json: not the file that fasrepro.json names"):
        exported.load(folder)


def test_an_adapter_is_refused_on_another_backbone_of_the_same_shape(checkpoint: Path, tmp_path: Path) -> None:
    folder, _ = export(checkpoint, tmp_path)
    weights = next((folder / exported.BACKBONE).glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    exported.write_about(folder, about(folder, exported.ADAPTER))
    with pytest.raises(BackboneError, match=f"{folder}/backbone: its weights are .* was trained on {checkpoint}"):
        exported.load(folder)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"prompt": "Another?"}, "prompt is 'Another\\?' in fasrepro.json and"),
        ({"score_by": "answer"}, "score_by is 'answer'"),
        ({"form": "onnx"}, "form 'onnx' is none of adapter, merged"),
        ({"index": dataclasses.replace(INDEX, crop="tigth")}, "unknown crop 'tigth'.*tight"),
        ({"index": dataclasses.replace(INDEX, crop="flip/aligned_224")}, "crop is 'flip/aligned_224'"),
    ],
)
def test_a_description_that_does_not_fit_the_checkpoint_is_refused(
    change: dict[str, Any], fault: str, checkpoint: Path, tmp_path: Path
) -> None:
    folder, _ = export(checkpoint, tmp_path)
    exported.write_about(folder, dataclasses.replace(about(folder, exported.ADAPTER), **change))
    with pytest.raises(BackboneError, match=fault):
        exported.load(folder)


@pytest.mark.parametrize(
    ("name", "text"), [("backbone/modeling.py", "print(1)"), ("config.json", '{"auto_map": {"AutoModel": "modeling.Model"}}')]
)
def test_a_folder_that_brings_code_is_refused(name: str, text: str, checkpoint: Path, tmp_path: Path) -> None:
    folder, _ = export(checkpoint, tmp_path)
    (folder / name).write_text(text)
    with pytest.raises(BackboneError, match=f"{name}: code of a checkpoint is never run"):
        exported.load(folder)


def test_a_folder_that_was_not_exported_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match=r"no fasrepro\.json; `fasrepro export JOB --to"):
        exported.load(tmp_path)


def test_a_video_gives_the_crops_of_the_index(tmp_path: Path) -> None:
    videos.write(tmp_path / "a.mp4", [cartoon(180, 240, 120 + number / 5, 90, 40) for number in range(56)])
    shown = Presentation("msu", "a.mp4", "test", "msu/a", Label.ATTACK, "print", "photo", "phone")
    indexed, _ = presentations.of_files(tmp_path, shown, [MediaFile("a.mp4", None, None)], INDEX)
    found = found_faces.of_video(tmp_path / "a.mp4", INDEX)
    assert [(face.frame, face.box, face.box_source) for face in found] == [
        (row.frame, row.box, "detector") for row in indexed.rows
    ]
    assert [pixel_hash(np.asarray(face.crop)) for face in found] == [row.crop_sha256 for row in indexed.rows]


def test_every_face_of_a_picture_is_scored_on_request_alone(checkpoint: Path, tmp_path: Path) -> None:
    loaded = exported.load(export(checkpoint, tmp_path)[0])
    question = results.Question(results.dev_threshold(loaded.about))
    path = draw(tmp_path / "two.png", 120, 120)
    [refused] = results.of_file(loaded, path, question)
    assert (refused.state, refused.p_attack, refused.verdict) == ("several_faces", None, "")
    both = results.of_file(loaded, path, results.Question(question.threshold, all_faces=True, explain=True))
    assert [one.state for one in both] == ["scored", "scored"]
    assert all(one.verdict == ("attack" if one.p_attack >= 0.5 else "bona_fide") and one.explanation for one in both)


@pytest.mark.parametrize(
    ("pixels", "state"),
    [
        (np.full((180, 240, 3), 90, np.uint8), "no_face"),
        (cartoon(180, 240, 120, 90, 14), "too_small"),
        (np.zeros((6000, 1, 3), np.uint8), "too_small"),
        (np.zeros((1, 6000, 3), np.uint8), "too_small"),
        (np.zeros((6000, 45, 3), np.uint8), "too_small"),
        (np.zeros((45, 6000, 3), np.uint8), "too_small"),
        (np.zeros((40, 60_000, 3), np.uint8), "too_small"),
    ],
)
def test_a_picture_without_a_face_that_is_large_enough_has_its_state(pixels: np.ndarray, state: str) -> None:
    with pytest.raises(pictures.PictureError) as error:
        found_faces.of_picture(pictures.Picture(pixels, []), INDEX)
    assert error.value.state == state


def test_a_list_of_other_files_is_no_video_whatever_its_name(tmp_path: Path) -> None:
    videos.write(tmp_path / "private.mp4", [cartoon(180, 240, 120, 90, 40) for _ in range(9)])
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile private.mp4\n")
    with pytest.raises(pictures.PictureError, match="not a readable video"):
        found_faces.of_video(tmp_path / "a.mp4", INDEX)


def test_a_video_of_large_frames_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    videos.write(tmp_path / "a.mp4", [np.zeros((180, 240, 3), np.uint8)])
    monkeypatch.setattr(found_faces, "FRAME_LIMIT", 180 * 240 - 1)
    with pytest.raises(pictures.PictureError, match="frames of 43200 pixels, more than 43199; shrink it first"):
        found_faces.of_video(tmp_path / "a.mp4", INDEX)


def test_a_face_that_lies_on_its_side_is_turned_and_said(checkpoint: Path, tmp_path: Path) -> None:
    loaded = exported.load(export(checkpoint, tmp_path)[0])
    upright = np.asarray(Image.open(draw(tmp_path / "a.png", 120)))
    Image.fromarray(np.ascontiguousarray(np.rot90(upright, -1))).save(tmp_path / "side.png")
    question = results.Question(results.dev_threshold(loaded.about))
    [straight], [turned] = (results.of_file(loaded, tmp_path / name, question) for name in ("a.png", "side.png"))
    assert (straight.turns, turned.turns) == (0, 1)
    assert (turned.box, turned.p_attack) == (straight.box, straight.p_attack)
    assert turned.remarks == ["turned until the face was upright"]


def test_a_file_that_is_no_video_but_by_its_name_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(pictures.PictureError, match="not a readable video"):
        found_faces.of_video(tmp_path / "a.mp4", INDEX)


def test_the_card_says_what_the_model_is_and_is_for(checkpoint: Path, tmp_path: Path) -> None:
    folder, _ = export(checkpoint, tmp_path)
    quantiles = {"bona_fide": {"0.5": 0.125}, "attack": {"0.5": 0.75}}
    described = dataclasses.replace(about(folder, exported.ADAPTER), dev_quantiles=quantiles, backbone_revision="abc123")
    text = card.text(described, {"casia": {"hter_dev": 0.25, "auc": 0.8125}})
    assert "| casia | 0.250 | 0.812 | - | - |" in text
    assert "| bona fide | 0.1250 |" in text and "| attack | 0.7500 |" in text
    assert "Trained on the train people of msu, from" in text and "revision `abc123`" in text
    assert "It is intended for research" in text and "Licence: Apache-2.0." in text
    assert text.startswith("---\nlibrary_name: peft\n")
