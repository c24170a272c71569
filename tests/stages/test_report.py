"""The report stage: all pages, or one page alone while the others stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from fasrepro import config, files, paths
from fasrepro.archives import ARCHIVES
from fasrepro.datasets import DATASETS
from fasrepro.report.material import Material, Needs, PageError
from fasrepro.report.pages import Page
from fasrepro.stages import report as stage
from tests.layout import ROOT

PARAMS = config.load(*stage.KEYS, path=ROOT / paths.PARAMS)


def page(text: str) -> Page:
    """A page that prints its params, and draws one file."""

    def render(material: Material) -> dict[str, str]:
        files.write_text(material.folder / "figures" / "a.png", text)
        return {"text": f"{text} {material.params.archives.source}"}

    return Page(Needs(params=("archives", "annotator")), render, lambda material: {"own": text})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two small pages."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / paths.PARAMS).write_bytes((ROOT / paths.PARAMS).read_bytes())
    monkeypatch.setattr(stage, "PAGES", {"first": page("one"), "second": page("two")})
    return tmp_path


def written() -> dict[str, bytes]:
    return {str(path.relative_to(paths.GENERATED)): path.read_bytes() for path in paths.GENERATED.rglob("*") if path.is_file()}


def test_every_page_has_a_folder_of_fragments_figures_and_values(project: Path) -> None:
    (paths.GENERATED / "gone").mkdir(parents=True)
    stage.main([])
    names = ("figures/a.png", "text.md", "values.json")
    assert written().keys() == {f"{name}/{part}" for name in ("first", "second") for part in names}
    assert written()["first/text.md"] == b"one synthetic"
    values = files.read_json(paths.GENERATED / "first" / "values.json")
    assert (values["own"], values["archives_source"]) == ("one", "synthetic")
    assert not any("runs" in name for name in values)  # the page names no such section


def test_a_page_is_rendered_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.main([])
    before = written()
    monkeypatch.setattr(stage, "PAGES", {"first": page("other"), "second": page("broken")})
    stage.main(["--page", "first"])
    after = written()
    assert after["first/text.md"] == b"other synthetic"
    assert {name: text for name, text in after.items() if name.startswith("second/")} == {
        name: text for name, text in before.items() if name.startswith("second/")
    }


def test_an_unknown_page_names_the_nearest(project: Path) -> None:
    with pytest.raises(PageError, match=r"unknown page 'frist'\. Did you mean 'first'"):
        stage.main(["--page", "frist"])


def test_a_password_in_the_annotators_url_is_not_written(project: Path) -> None:
    params = config.read_yaml(paths.PARAMS)
    params["annotator"]["base_url"] = "https://user:secret@host/v1"
    files.write_json(paths.PARAMS, params)
    stage.main([])
    assert not any(b"secret" in content for content in written().values())


def test_a_failing_page_leaves_the_old_pages(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.main([])
    before = written()

    def fail(material: Material) -> dict[str, str]:
        raise ValueError("no results")

    monkeypatch.setattr(stage, "PAGES", {"first": page("new"), "second": Page(Needs(), fail)})
    with pytest.raises(ValueError, match="no results"):
        stage.main([])
    assert written() == before


def test_captions_are_described_by_their_style_or_their_control() -> None:
    words = stage.caption_words(PARAMS.captions, PARAMS.annotator)
    assert words.keys() == PARAMS.captions.keys()
    assert "print" in words["vanilla"].prompt and words["vanilla"].may_know_label
    assert not words["blind"].may_know_label
    assert (words["prose"].source, words["prose"].prompt) == ("reasoning", "") and words["prose"].lacks


def test_each_archive_that_can_be_read_is_a_release() -> None:
    releases = stage.releases()
    assert releases.keys() == DATASETS.keys() == ARCHIVES.keys()
    assert releases["casia"].counts == {"train": (20, 60, 180), "test": (30, 90, 270)}
    assert (releases["rose_youtu"].counts, releases["rose_youtu"].totals) == ({"train": None, "test": None}, (20, 3497))
