"""The book stage on a small book: the same bytes twice, hostile text shown as text, and faults named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest
import yaml

from fasrepro import config, files, paths
from fasrepro.report import book, gallery, markdown
from fasrepro.report.pages.index import NOTES
from fasrepro.stages import book as stage

ROOT = Path(__file__).parents[2]
PARAGRAPH = "Here stands a paragraph of some twenty words, so that the page is not taken for an empty one by the check."
HOSTILE = '<script>alert(1)</script> <img src=x onerror="alert(2)"> {{ steps }}'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root with the book's own configuration, two pages and one ablation."""
    monkeypatch.chdir(tmp_path)
    params = config.read_yaml(ROOT / "params.yaml")
    params["ablations"] = {"caption_style": params["ablations"]["caption_style"]}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    shutil.copytree(ROOT / "book" / "_static", paths.BOOK / "_static")
    shutil.copyfile(ROOT / "book" / "_config.yml", paths.BOOK / "_config.yml")
    toc = {"format": "jb-book", "root": "index", "parts": [{"caption": "Part", "chapters": [{"file": "page"}]}]}
    (paths.BOOK / "_toc.yml").write_text(json.dumps(toc), encoding="utf-8")
    (paths.BOOK / "index.md").write_text(f"# Index\n\n{PARAGRAPH} Steps: {{{{ steps }}}}. [](page.md)\n", encoding="utf-8")
    body = f"# Page\n\n{PARAGRAPH}\n\n$$x^2$$\n\n```{{include}} _generated/page/card.md\n```\n"
    (paths.BOOK / "page.md").write_text(body, encoding="utf-8")
    files.write_json(paths.GENERATED / "index" / "values.json", {"steps": "300"})
    files.write_json(paths.GENERATED / "page" / "values.json", {})
    files.write_text(paths.GENERATED / "index" / "note.md", NOTES["drawn"])
    card = markdown.card_grid([markdown.card("A card", f"<p>{gallery.mark_cues(HOSTILE, ())}</p>", None)])
    files.write_text(paths.GENERATED / "page" / "card.md", card)
    paths.EXECUTED.mkdir()
    cells = [nbformat.v4.new_markdown_cell(f"# An ablation\n\n{PARAGRAPH}"), nbformat.v4.new_code_cell("1 + 1")]
    metadata = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), paths.EXECUTED / "caption_style.ipynb")
    return tmp_path


def test_two_builds_are_byte_equal_offline_and_hold_every_page(project: Path) -> None:
    stage.main([])
    paths.HTML.rename("first")
    stage.main([])
    built = sorted(path.relative_to("first") for path in Path("first").rglob("*") if path.is_file())
    assert built == sorted(path.relative_to(paths.HTML) for path in paths.HTML.rglob("*") if path.is_file())
    assert all((paths.HTML / path).read_bytes() == ("first" / path).read_bytes() for path in built)
    assert not (paths.HTML / ".buildinfo").exists()  # it would differ between environments
    assert not (paths.WORK / "book").exists()

    pages = {
        name: (paths.HTML / f"{name}.html").read_text(encoding="utf-8") for name in ("index", "page", "executed/caption_style")
    }
    for text in pages.values():
        assert 'src="http' not in text
        assert "unpkg.com" not in text
        assert "cdn" not in text
    assert "Steps: 300" in pages["index"]
    assert "Ablations" in pages["index"]
    assert "Synthetic archives" in pages["executed/caption_style"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages["page"]
    assert "<script>alert" not in pages["page"]
    assert "<img src=x" not in pages["page"]
    assert "steps" in pages["page"]  # of the hostile text: no value was put in its place
    assert (paths.HTML / "_static/mathjax/tex-chtml.js").is_file()


def test_a_broken_link_and_an_unknown_value_are_named_and_no_book_is_left(project: Path) -> None:
    (paths.BOOK / "page.md").write_text(f"# Page\n\n{PARAGRAPH} [x](gone.md) {{{{ nothing }}}}\n", encoding="utf-8")
    paths.HTML.mkdir(parents=True)
    with pytest.raises(book.BookError, match=r"gone\.md") as caught:
        stage.main([])
    assert "page.md" in str(caught.value)
    assert "nothing" in str(caught.value)
    assert not paths.HTML.exists()


def test_an_ablation_without_its_page_names_the_stage_that_makes_it(project: Path) -> None:
    (paths.EXECUTED / "caption_style.ipynb").unlink()
    with pytest.raises(book.BookError, match="`dvc repro notebook@caption_style` makes it"):
        stage.main([])


def page(path: Path, words: str) -> None:
    path.write_text(f"<html><nav>{'many words ' * 30}</nav><article class='x'>{words}</article></html>", encoding="utf-8")


def test_a_missing_an_empty_and_an_unsubstituted_page_are_errors(tmp_path: Path) -> None:
    toc = {"root": "index", "parts": [{"caption": "", "chapters": [{"file": "a"}]}]}
    page(tmp_path / "index.html", PARAGRAPH)
    with pytest.raises(book.BookError, match=r"a\.html: the book has no such page"):
        book.check(tmp_path, toc)
    page(tmp_path / "a.html", "<h1>Title</h1>")
    with pytest.raises(book.BookError, match=r"a\.html: the page is empty"):
        book.check(tmp_path, toc)
    page(tmp_path / "a.html", f"{PARAGRAPH} <code>{{{{ steps }}}}</code>")
    with pytest.raises(book.BookError, match=r"a\.html: a value was not substituted"):
        book.check(tmp_path, toc)
    page(tmp_path / "a.html", PARAGRAPH)
    book.check(tmp_path, toc)


def test_the_books_own_contents_name_existing_pages() -> None:
    from fasrepro.config import read_yaml

    for name in book.pages(read_yaml(ROOT / "book" / "_toc.yml")):
        assert (ROOT / "book" / f"{name}.md").is_file()
