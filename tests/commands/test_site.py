"""The book to read: every table and figure has its badges and its download, and links lead to files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fasrepro import paths
from fasrepro.commands import site

TABLE = "<table><tr><th>run</th><th>HTER</th></tr><tr><td><p>a, b</p></td><td>0.1</td></tr></table>"
FIGURE = '<figure><a href="_images/h.png"><img alt="HTER" src="_images/h.png"/></a><figcaption>HTER</figcaption></figure>'
FACE = '<img alt="a face of an example" src="_images/face.png"/>'
BODY = f"<p>Words.</p>{TABLE}{FIGURE}{FACE}{TABLE}"
PAGE = f"<html><table><tr><td>menu</td></tr></table><article>{BODY}</article><p>end</p></html>"


def test_each_table_and_figure_has_badges_and_a_download() -> None:
    text, tables = site.lay_over(PAGE, ["recorded at version 1", "changed since"], "results")
    marks = "<span>recorded at version 1</span> <span>changed since</span>"
    assert text.count(marks) == 3
    assert tables == {Path(f"_tables/results-{number}.csv"): 'run,HTER\n"a, b",0.1\n' for number in (1, 2)}
    links = re.findall(r'<a href="([^"]+)" download>(\w+)</a>', text)
    assert links == [("_tables/results-1.csv", "CSV"), ("_images/h.png", "PNG"), ("_tables/results-2.csv", "CSV")]
    assert text.count('<span class="origin" title="fasrepro why results">') == 3
    assert re.sub(r'<span class="origin".*?</a></span>', "", text) == PAGE  # nothing else is touched


def test_a_notebooks_page_links_from_its_own_folder() -> None:
    page = f'<article>{TABLE}<img alt="" src="../_images/x.png"/></article>'
    text, tables = site.lay_over(page, [], "executed/shares")
    assert list(tables) == [Path("_tables/executed-shares-1.csv")]
    assert '<a href="../_tables/executed-shares-1.csv" download>CSV</a>' in text
    assert '<a href="../_images/x.png" download>PNG</a>' in text


def test_the_built_pages_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    html = tmp_path / paths.HTML
    html.mkdir(parents=True)
    preload = '<link rel="preload" as="font" type="font/woff2" crossorigin href="a.woff2" />\n'
    for name in ("index", "manual"):
        (html / f"{name}.html").write_text(preload + PAGE, encoding="utf-8")
    (tmp_path / paths.PARAMS).write_text("ablations: {}\n", encoding="utf-8")
    monkeypatch.setattr(site, "results", lambda root, ablations: [("index", ["computed here"])])
    assert site.write(tmp_path) == tmp_path / paths.SITE / "index.html"
    shown = tmp_path / paths.SITE
    assert "computed here" in (shown / "index.html").read_text(encoding="utf-8")
    assert (shown / "_tables" / "index-1.csv").is_file()
    assert (shown / "manual.html").read_text(encoding="utf-8") == PAGE  # a page without results
    assert preload not in (shown / "index.html").read_text(encoding="utf-8")  # a browser refuses it to a file
    assert {path.name for path in html.iterdir()} == {"index.html", "manual.html"}
    assert (html / "index.html").read_text(encoding="utf-8") == preload + PAGE
