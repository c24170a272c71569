"""The stage `own_pictures` on a small model and drawn faces: which files are shown, and that each meets its state."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from PIL import Image

from fasrepro import config, paths, schema
from fasrepro.archives import archive
from fasrepro.deployment.results import Result
from fasrepro.evaluation import results
from fasrepro.evaluation.results.own_pictures import OwnPictures
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.training import TrainRow
from fasrepro.stages import own_pictures
from tests.exports import draw
from tests.faces import face
from tests.small_models import PROMPT, save_trained
from tests.stages import projects
from tests.training.small_runs import recipe

JOB = "i_m-vanilla-0"
BOX = (60, 40, 80, 100)  # roughly that of the drawn face, which the edited pictures are cut by
TEST = {"live": "bona_fide", "other": "bona_fide", "paper": "print", "screen": "replay_photo"}


def faces() -> list[Face]:
    """Return dev people of Replay-Attack, and test faces of MSU-MFSD."""
    dev = [face(f"replay/{kind}", kind, split="dev") for kind in ("bona_fide", "print")]
    train = [face(f"replay/t-{kind}", kind, split="train") for kind in ("bona_fide", "print")]
    return [*train, *dev, *(face(f"msu/{name}", kind, box=BOX) for name, kind in TEST.items())]


@pytest.fixture
def project(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project's root with a trained job that explains, its scores, and pictures in the place of a target's videos."""
    monkeypatch.chdir(tmp_path)
    projects.write_params(prediction={"max_new_tokens": 5})
    jobs = projects.write_jobs({"i_m": (["replay"], ["msu"])}, [("i_m", "vanilla")], [0])
    contents = yaml.safe_load(paths.JOBS.read_text(encoding="utf-8"))
    plain = schema.plain(recipe(checkpoint, prompt=PROMPT))
    contents["jobs"][JOB]["recipe"] = {name: value for name, value in plain.items() if name not in ("captions", "learning_rates")}
    paths.JOBS.write_text(yaml.safe_dump(contents), encoding="utf-8")
    save_trained(checkpoint, paths.checkpoint(JOB))
    projects.write_faces(faces())
    projects.write_scores(jobs[0], lambda one: 0.9 if one.label else 0.1)
    rows = [TrainRow(one.face_id, one.dataset, one.species, one.label, "", "", "vanilla", "a face") for one in faces()[:2]]
    table.write(paths.trainset(jobs[0].trainset), rows, TrainRow)
    root = paths.archive("msu") / archive("msu").FOLDER
    root.mkdir(parents=True)
    for name in TEST:
        draw(root / f"{name}.png", 100.0)


@pytest.mark.usefixtures("project")
def test_each_file_meets_its_state() -> None:
    own_pictures.main([])
    answers = results.read(paths.OWN_ANSWERS, OwnPictures)
    assert answers.job == JOB
    assert answers.warning.startswith("The threshold is from dev of replay. Scores do not carry over")
    shown = {one.name: one for one in answers.shown}
    of_archive = [one for one in answers.shown if one.name.endswith(".png")]
    assert [(one.label, one.state) for one in of_archive] == [("bona_fide", "scored"), ("attack", "scored"), ("attack", "scored")]
    assert [one.about for one in of_archive[1:]] == ["print, MSU-MFSD", "replay photo, MSU-MFSD"]
    assert {name: one.state for name, one in shown.items() if one not in of_archive} == {
        "still.jpg": "scored",
        "two.jpg": "several_faces",
        "small.jpg": "too_small",
        "hidden.jpg": "no_face",
        "half.jpg": "unreadable",
        "note.jpg": "not_a_picture",
    }
    assert all(bool(one.explanation) == (one.state == "scored") for one in answers.shown)
    assert shown["still.jpg"].line.startswith(f"still.jpg: {shown['still.jpg'].verdict}  p_attack 0.")

    pictures = {one.picture for one in answers.shown if one.picture}
    assert {path.name for path in paths.OWN_PICTURES.iterdir()} == {"answers.json", *pictures}
    assert not shown["half.jpg"].picture and not shown["note.jpg"].picture
    assert all(Image.open(paths.OWN_PICTURES / name).height == own_pictures.HEIGHT for name in pictures)
    before = {path: path.read_bytes() for path in paths.OWN_PICTURES.iterdir()}
    own_pictures.main([])
    assert {path: path.read_bytes() for path in paths.OWN_PICTURES.iterdir()} == before


@pytest.mark.usefixtures("project")
def test_nothing_is_shown_of_licensed_archives_or_without_explanations() -> None:
    projects.write_params(archives={"source": "licensed"})
    own_pictures.main([])
    assert results.read(paths.OWN_ANSWERS, OwnPictures) == OwnPictures("", "", [])
    jobs = config.load_jobs()
    jobs[JOB].recipe["phases"][0]["losses"] = {"head": 1.0}
    assert own_pictures.explaining_job(jobs) is None


@pytest.mark.usefixtures("project")
def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"msu/.*gone: no such video or picture; run `dvc repro archives@msu`"):
        own_pictures.file_of(face("msu/gone", "print"))


def test_the_box_is_drawn_on_the_upright_picture(tmp_path: Path) -> None:
    """The file lies on its side. Its upper right corner, after a quarter turn, is the lower right one of the file."""
    Image.new("RGB", (240, 360)).save(tmp_path / "side.png")
    result = Result("side.png", "scored", [], box=(300, 0, 59, 59), turns=1, frames=[0])
    assert own_pictures.draw(tmp_path / "side.png", result, tmp_path / "drawn.png")
    drawn = Image.open(tmp_path / "drawn.png")
    assert drawn.size == (360, 240)
    assert drawn.getpixel((300, 30)) == own_pictures.BOX_COLOUR
    assert drawn.getpixel((30, 200)) == (0, 0, 0)
