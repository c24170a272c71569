"""Stage `report`: render the book's pages, results/ -> book/_generated/<page>/ (fragments, figures, faces, values.json)."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from fasrepro import config, files, names, paths, stages
from fasrepro.archives import ARCHIVES
from fasrepro.captions import sets, styles
from fasrepro.captions.sets import CAPTIONER, PUBLISHED, CaptionSet
from fasrepro.report import markdown, recorded
from fasrepro.report.material import CaptionWords, Material, PageError, Release
from fasrepro.report.pages import PAGES
from fasrepro.rows.faces import Label

KEYS = tuple(dict.fromkeys(["parts", *(section for page in PAGES.values() for section in page.needs.params)]))
SECRET = "annotator_base_url"  # can hold a password
SHOWN_SPECIES = "print"  # whose prompt is shown


def caption_words(sets: Mapping[str, CaptionSet], annotator: config.Annotator) -> dict[str, CaptionWords]:
    """Return what pages say about each caption set, from its style or its control."""
    entries = {}
    for name, entry in sets.items():
        if entry.is_derived:
            entries[name] = CaptionWords(source=", ".join(entry.parents), lacks=entry.lacks)
        elif entry.author == PUBLISHED:
            entries[name] = CaptionWords(table=published_table(entry))
        elif entry.author == CAPTIONER:
            entries[name] = CaptionWords(may_know_label=False)  # its prompt is the student's, which the method's page shows
        else:
            style = styles.with_own_prompt(entry.written_style, annotator.prompt)
            version, prompt = style.prompts(annotator.label_aware, Label.ATTACK, SHOWN_SPECIES)[0]
            entries[name] = CaptionWords(prompt=prompt, prompt_version=version, may_know_label=style.may_know_label)
    return entries


def published_table(entry: CaptionSet) -> str:
    """Return where a published set was taken from, in words, without a path of this machine."""
    if not entry.revision:  # only a repository of the hub has one
        return "a local copy"
    return f"{entry.table} at {entry.revision}" + (f", {entry.config}" if entry.config else "")


def releases() -> dict[str, Release]:
    """Return what pages say about each data set, from the module of its archive."""
    return {
        name: Release(official.PAI_SPECIES, official.PUBLISHED, getattr(official, "TOTALS", None))
        for name, official in ARCHIVES.items()
    }


def render(name: str, material: Material) -> None:
    """Write one page's fragments and values; its figures and faces are drawn on the way."""
    page = PAGES[name]
    for fragment, text in page.render(material).items():
        files.write_text(material.folder / f"{fragment}.md", text)
    values = dict(page.values(material))
    for section, value in vars(material.params).items():
        values |= markdown.substitutions(section, value)
    values.pop(SECRET, None)
    files.write_json(material.folder / "values.json", values)


def main(argv: list[str] | None = None) -> None:
    """Render every page, or one page alone; the others are then left as they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", help="render this page alone")
    page = parser.parse_args(argv).page
    if page is not None:
        names.lookup(PAGES, page, "page", PageError)
    params = config.load(*KEYS)
    params.captions, _ = sets.without_absent(params.captions, params.parts, params.archives.datasets)
    shared: dict[str, Any] = {
        "params": vars(params),
        "caption_words": caption_words(params.captions, params.annotator),
        "releases": releases(),
        "sections": recorded.sections(config.read_yaml(paths.PARAMS)),
        "loaded": {},
    }
    if page is not None:
        with files.replaced_folder(paths.GENERATED / page, paths.WORK / "page") as folder:
            render(page, Material(needs=PAGES[page].needs, folder=folder, page=page, **shared))
        return
    with files.replaced_folder(paths.GENERATED, paths.WORK / "report") as folder:
        for name, entry in PAGES.items():
            render(name, Material(needs=entry.needs, folder=folder / name, page=name, **shared))


if __name__ == "__main__":
    stages.run(main)
