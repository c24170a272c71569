"""The page on one's own pictures: cards of files, verdicts counted, and texts of models that cannot reach the page as HTML."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from fasrepro import paths
from fasrepro.evaluation.results.own_pictures import OwnPictures, ShownFile
from fasrepro.report import markdown
from fasrepro.report.material import Material
from fasrepro.report.pages import own_pictures as page

SCORED = ShownFile(
    "a.avi", "a print, MSU-MFSD", "attack", "00.png", "scored", "attack", "a.avi: attack", "<b>Paper</b>", ["paper_edge"]
)
SHOWN = [
    SCORED,
    ShownFile("b.avi", "a bona fide face", "bona_fide", "", "scored", "attack", "b.avi: attack", "A face.", []),
    ShownFile("c.jpg", "a wall", "", "", "no_face", "", "c.jpg: no_face", "", []),
]


def render(folder: Path, answers: OwnPictures) -> dict[str, str]:
    (folder / paths.OWN_PICTURES).mkdir(parents=True)
    Image.new("RGB", (3, 2)).save(folder / paths.OWN_PICTURES / "00.png")
    return page.render(Material({}, page.NEEDS, folder / "page", "own_pictures", folder, loaded={"own_pictures": answers}))


def test_verdicts_are_counted_and_states_named(tmp_path: Path) -> None:
    fragments = render(tmp_path, OwnPictures("icm_o-reasoning-0", "Measure: `fasrepro threshold`.", SHOWN))
    assert "Of 3 files 2 have a score by the model of icm" in fragments["answer"]
    assert "; 1 of these verdicts is right" in fragments["answer"] and "*no face*" in fragments["answer"]
    assert fragments["warning"] == "Measure&#58; <code>fasrepro threshold</code>.\n"


def test_a_card_has_the_picture_the_line_and_the_text_escaped(tmp_path: Path) -> None:
    files = render(tmp_path, OwnPictures("a-0", "", SHOWN))["files"]
    assert "/_generated/own_pictures/pictures/00.png" in files
    assert (tmp_path / "page" / "pictures" / "00.png").is_file()
    assert "<b>Paper" not in files and "&lt;b&gt;Paper" in files
    assert "it names paper edge" in files and "it names no cue" in files
    assert files.count("grid-item-card") == 3


def test_without_files_the_answer_alone_says_so(tmp_path: Path) -> None:
    fragments = render(tmp_path, OwnPictures("", "", []))
    assert "Nothing is shown here" in fragments["answer"]
    assert fragments["files"] == fragments["warning"] == markdown.NOTHING
