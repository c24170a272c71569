"""The book to read and to serve: a copy of the built pages in which each result says where it comes from, and can be downloaded.

The pages that the stage `book` builds are an output of DVC, the same bytes everywhere. What differs by machine is laid over a
copy: whether results were computed here, and whether code, params or data have changed since.
"""

from __future__ import annotations

import csv
import html.parser
import io
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from fasrepro import config, files, paths
from fasrepro.commands import provenance

# What shows a result: a table or a figure, and in a notebook a picture, whose attributes hold no ">".
RESULT = re.compile(r"<table\b.*?</table>|<figure\b.*?</figure>", re.DOTALL)
NOTEBOOK_RESULT = re.compile(rf"{RESULT.pattern}|<img\b[^>]*_images/[^>]*>", re.DOTALL)
IMAGE = re.compile(r'src="([^"]*_images/[^"]+)"')
# The theme asks for its fonts twice, once in a way that browsers refuse to a page that is opened as a file.
FONT_PRELOAD = re.compile(r'<link rel="preload" as="font"[^>]*>\s*')
TABLES = Path("_tables")  # CSV files, beside the pages


class _Cells(html.parser.HTMLParser):
    """Collects the texts of a table's cells."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True
        elif tag == "br" and self.inside:
            self.rows[-1][-1] += " "

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th", "tr")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def rows(table: str) -> list[list[str]]:
    """Return the texts of an HTML table, a list a row.

    >>> rows("<table><tr><th>run</th><th>HTER</th></tr><tr><td>a<br>b</td><td><b>0.1</b></td></tr></table>")
    [['run', 'HTER'], ['a b', '0.1']]
    """
    parser = _Cells()
    parser.feed(table)
    return [[" ".join(cell.split()) for cell in row] for row in parser.rows if row]


def as_csv(table: str) -> str:
    """Return an HTML table as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows(table))
    return text.getvalue()


def lay_over(page: str, badges: Sequence[str], name: str) -> tuple[str, dict[Path, str]]:
    """Return a page's HTML with a line below each result, and the CSV files that these lines lead to.

    Files go by their path from the book's root.

    Args:
        page: HTML.
        badges: of the page's figures.
        name: of the page, without suffix, from the book's root.
    """
    tables: dict[Path, str] = {}
    is_notebook = name.startswith(f"{paths.EXECUTED.name}/")
    up = "../" if is_notebook else ""

    def with_line(match: re.Match[str]) -> str:
        shown = match[0]
        image = IMAGE.search(shown)
        if image is not None:
            link = f'<a href="{image[1]}" download>PNG</a>'
        elif shown.startswith("<table"):
            path = TABLES / f"{name.replace('/', '-')}-{len(tables) + 1}.csv"
            tables[path] = as_csv(shown)
            link = f'<a href="{up}{path}" download>CSV</a>'
        else:
            return shown
        marks = "".join(f"<span>{escape(text)}</span> " for text in badges)
        # A span, because a picture may stand inside a paragraph.
        return f'{shown}<span class="origin" title="fasrepro why {name}">{marks}{link}</span>'

    pattern = NOTEBOOK_RESULT if is_notebook else RESULT
    before, opening, article = page.partition("<article")
    body, closing, after = article.partition("</article>")
    return before + opening + pattern.sub(with_line, body) + closing + after, tables


def results(root: Path, ablations: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each page that shows results, from the book's root and without suffix, with its badges."""
    origin = provenance.origins(root, provenance.read_stages(root))
    for place in provenance.pages(ablations):
        yield place, origin(place).badges


def write(root: Path) -> Path:
    """Write the book to read, from the built pages of the project in `root`; return its first page."""
    ablations = config.load("ablations", path=root / paths.PARAMS).ablations
    with files.replaced_folder(root / paths.SITE, root / paths.WORK / "site") as folder:
        shutil.copytree(root / paths.HTML, folder, dirs_exist_ok=True)
        for page in folder.rglob("*.html"):
            files.write_text(page, FONT_PRELOAD.sub("", page.read_text(encoding="utf-8")))
        for name, badges in results(root, ablations):
            page = folder / f"{name}.html"
            text, tables = lay_over(page.read_text(encoding="utf-8"), badges, name)
            files.write_text(page, text)
            for path, content in tables.items():
                files.write_text(folder / path, content)
    return (root / paths.SITE / "index.html").resolve()
