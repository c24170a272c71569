"""Stage `book`: build the book, book/ (sources, _generated/, executed/) -> book/_build/html."""

from __future__ import annotations

import argparse
import shutil

from fasrepro import config, paths, stages
from fasrepro.report import book


def main(argv: list[str] | None = None) -> None:
    """Build every page into a new folder, check them, and put it in the place of the old book."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    ablations = config.load("ablations").ablations
    toc = book.with_ablations(config.read_yaml(paths.BOOK / "_toc.yml"), list(ablations))
    settings = book.with_substitutions(config.read_yaml(paths.BOOK / "_config.yml"), book.values(paths.GENERATED))

    work = paths.WORK / "book"
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(paths.HTML, ignore_errors=True)
    work.mkdir(parents=True)
    book.lay_out(paths.BOOK, work / "book", toc, settings, [paths.EXECUTED / f"{name}.ipynb" for name in ablations])
    html = book.build(work / "book", work)
    book.check(html, toc)
    paths.HTML.parent.mkdir(parents=True, exist_ok=True)
    html.rename(paths.HTML)
    shutil.rmtree(work)
    print(f"{paths.HTML}/index.html: {len(book.pages(toc))} pages")


if __name__ == "__main__":
    stages.run(main)
