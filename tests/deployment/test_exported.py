from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fasrepro import files
from fasrepro.archives.layout import MediaFile, Presentation
from fasrepro.data import presentations
from fasrepro.data.settings import IndexSettings
from fasrepro.deployment import card, exported, found_faces, pictures, results
from fasrepro.hashing import pixel_hash
from fasrepro.models import scoring, vlm
from fasrepro.models.backbones import BackboneError
from fasrepro.rows.faces import Label
from tests import videos
from tests.cartoon import cartoon
from tests.small_models import PROMPT, save_trained

INDEX = IndexSettings(every=5, first=4, min_face=40, neighbours=4, crop="tight", max_exclusion_rate=0.05)


def about(folder: Path, form: str) -> exported.About:
    own = vlm.read_made_of(folder)
    return exported.About(
        format=exported.FORMAT,
        job="a-job-0",
        form=form,
        backbone=own.backbone,
        backbone_sha256=own.backbone_sha256,
        backbone_revision="",
        index=INDEX,
        prompt=own.prompt,
        score_by=own.score_by,
        score_means=exported.MEANING,
        threshold=0.5,
        threshold_datasets=["msu"],
        dev_quantiles={},
        training_datasets=["msu"],
        data="",
        licence="Apache-2.0",
        explains=True,
        max_new_tokens=5,
        image_backend=own.image_backend,
        versions=exported.versions(),
        files=exported.weight_hashes(folder),
    )


def export(checkpoint: Path, tmp_path: Path, form: str = exported.ADAPTER) -> tuple[Path, scoring.Scorer]:
    """Export a trained model, and return the folder with the scorer of the model before."""
    model, processor = save_trained(checkpoint, tmp_path / "trained")
    folder = tmp_path / "exported"
    exported.copy_weights(tmp_path / "trained", folder, form)
    exported.write_about(folder, about(folder, form))
    return folder, scoring.by_head(model, processor, PROMPT)


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


def draw(path: Path, *columns: float, radius: float = 40) -> Path:
    """Draw faces side by side into a picture, 240 pixels for each."""
    Image.fromarray(np.concatenate([cartoon(180, 240, x, 90, radius) for x in columns], axis=1)).save(path)
    return path


def test_every_face_of_a_picture_is_scored_on_request_alone(checkpoint: Path, tmp_path: Path) -> None:
    loaded = exported.load(export(checkpoint, tmp_path)[0])
    path = draw(tmp_path / "two.png", 120, 120)
    [refused] = results.of_file(loaded, path)
    assert (refused.state, refused.p_attack, refused.verdict) == ("several_faces", None, "")
    both = results.of_file(loaded, path, all_faces=True, explain=True)
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
    ],
)
def test_a_picture_without_a_face_that_is_large_enough_has_its_state(pixels: np.ndarray, state: str) -> None:
    with pytest.raises(pictures.PictureError) as error:
        found_faces.of_picture(pictures.Picture(pixels, []), INDEX)
    assert error.value.state == state


def test_a_file_that_is_no_video_but_by_its_name_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(pictures.PictureError, match="not a readable video"):
        found_faces.of_video(tmp_path / "a.mp4", INDEX)


def test_the_card_has_the_figures_of_each_target(checkpoint: Path, tmp_path: Path) -> None:
    folder, _ = export(checkpoint, tmp_path)
    text = card.text(about(folder, exported.ADAPTER), {"casia": {"hter_dev": 0.25, "auc": 0.8125}})
    assert "| casia | 0.250 | 0.812 | - | - |" in text
    assert text.startswith("---\nlibrary_name: peft\nlicense: apache-2.0\n")
