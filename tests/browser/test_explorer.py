"""The explanation browser in headless Chromium, on a small book: filters need no network, and a model's text stays text."""

from __future__ import annotations

import dataclasses
import functools
import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fasrepro import config
from fasrepro.report import book, explorer, gallery, tables
from tests.browser.conftest import Quiet
from tests.layout import ROOT
from tests.report.conftest import make_world
from tests.report.samples import DRAWN

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -r requirements.lock")

pytestmark = pytest.mark.browser

PATIENCE = 120_000  # milliseconds: the machine may have more to do than this
PARAGRAPH = "Here stands a paragraph of some twenty words, so that the page is not taken for an empty one by the check."
HOSTILE = """</div><script>document.title = 'taken'; window.taken = true; alert(1)</script>
<img src=x onerror="document.title='taken'; window.taken = true; alert(2)"> <b>bold</b> &lt;i&gt;

```{raw} html
<iframe srcdoc="<script>parent.taken = true</script>"></iframe>
```
" onmouseover="window.taken = true" data-run="vanilla"""
# In the page: the shown texts as (protocol, species, run, outcome), and the text of the count.
SHOWN = """() => ({
  texts: [...document.querySelectorAll('.explorer-text')].filter(t => t.checkVisibility()).map(t => {
    const card = t.closest('.explorer-face').dataset;
    return [card.protocol, card.species.split(' ').pop(), t.dataset.run, t.dataset.outcome];
  }),
  empty: [...document.querySelectorAll('.explorer-face')].filter(
    c => c.checkVisibility() && ![...c.querySelectorAll('.explorer-text')].some(t => t.checkVisibility())).length,
  filters: document.querySelector('.explorer-filters').checkVisibility(),
  count: document.querySelector('.explorer output').textContent,
})"""


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A built book of two pages; `texts` must be in its page; `hostile` is the run whose texts are hostile."""
    folder = tmp_path_factory.mktemp("explorer")
    world = make_world(folder / "crops")
    faces = {face.face_id: face for face in world.faces}
    hostile = "reasoning"
    ordered = tables.in_order(world.metrics.cells.values(), ["label_only", "vanilla", "reasoning"])
    cells = explorer.collect(ordered, world.explanations, world.judgements, "lexical", faces)
    for number, cell in enumerate(cells):
        if cell.run == hostile:
            texts = {name: dataclasses.replace(row, text=HOSTILE) for name, row in cell.texts.items()}
            cells[number] = dataclasses.replace(cell, texts=texts)
    sources = folder / "sources"
    picture = gallery.Pictures(world.crops, sources / "_generated" / "faces", "_generated/faces", DRAWN)
    (sources / "_generated").mkdir(parents=True)
    shown = explorer.browser(cells, faces, {row.face_id: row for row in world.truths}, picture)
    (sources / "_generated" / "explanations.md").write_text(shown, encoding="utf-8")
    shutil.copytree(ROOT / "book" / "_static", sources / "_static")
    (sources / "index.md").write_text(f"# Index\n\n{PARAGRAPH}\n", encoding="utf-8")
    body = f"# Page\n\n{PARAGRAPH}\n\n```{{include}} _generated/explanations.md\n```\n\nThe end.\n"
    (sources / "page.md").write_text(body, encoding="utf-8")
    toc = {"format": "jb-book", "root": "index", "parts": [{"caption": "Part", "chapters": [{"file": "page"}]}]}
    book.lay_out(sources, folder / "book", toc, config.read_yaml(ROOT / "book" / "_config.yml"), [])
    html = book.build(folder / "book", folder)
    book.check(html, toc)
    texts = [
        (name, face.species, cell.run, explorer.outcome(face, cell.verdicts[face.face_id]).partition(",")[0])
        for name in dict.fromkeys(cell.cell for cell in cells)
        for face in explorer.sample_faces([cell for cell in cells if cell.cell == name], faces)
        for cell in cells
        if cell.cell == name
    ]
    return SimpleNamespace(html=html, texts=texts, hostile=hostile)


@pytest.fixture(scope="module")
def places(expected: SimpleNamespace) -> Iterator[dict[str, str]]:
    """The built book's address on loopback, and as files."""
    handler = functools.partial(Quiet, directory=str(expected.html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"served": f"http://127.0.0.1:{server.server_port}", "files": expected.html.as_uri()}
        server.shutdown()


@pytest.fixture(params=["served", "files"])
def opened(browser: Any, places: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Opens the page. Requests outside the book are refused; they are faults, as are errors and dialogs."""
    place, contexts, faults = places[request.param], [], []

    def guard(route: Any) -> None:
        if route.request.url.startswith((f"{place}/", "data:", "blob:")):
            route.continue_()
        else:
            faults.append(f"reaches out: {route.request.url}")
            route.abort()

    def go(query: str = "", scripts: bool = True) -> Any:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=scripts))
        contexts[-1].set_default_timeout(PATIENCE)
        tab = contexts[-1].new_page()
        tab.route("**/*", guard)
        tab.on("pageerror", lambda error: faults.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        tab.goto(f"{place}/page.html{query}", wait_until="load")
        return tab

    yield go
    for context in contexts:
        context.close()
    assert faults == []


def seen(tab: Any) -> list[tuple[str, ...]]:
    """Return what the page shows, after checking its count, and that no face is without a text."""
    shown = tab.evaluate(SHOWN)
    assert shown["filters"]
    assert shown["empty"] == 0
    total = tab.locator(".explorer-text").count()
    number = len(shown["texts"])
    words = f"{number} of {total} explanations shown" if number else f"None of {total} explanations match all filters"
    assert shown["count"] == words
    return [tuple(entry) for entry in shown["texts"]]


def test_the_page_begins_with_the_first_protocol_and_each_filter_leaves_what_fits(
    opened: Callable[..., Any], expected: SimpleNamespace
) -> None:
    tab, texts = opened(), expected.texts
    assert seen(tab) == [t for t in texts if t[0] == "oci_m"]
    tab.get_by_label("Protocol").select_option("")
    assert seen(tab) == texts
    tab.get_by_label("Run").select_option("vanilla")
    assert seen(tab) == [t for t in texts if t[2] == "vanilla"]
    tab.get_by_label("Face").select_option("attack")
    assert seen(tab) == [t for t in texts if t[2] == "vanilla" and t[1] != "bona_fide"]
    tab.get_by_label("Face").select_option("replay_photo")  # of Replay-Attack alone
    shown = seen(tab)
    assert shown == [t for t in texts if t[2] == "vanilla" and t[1] == "replay_photo"]
    assert {t[0] for t in shown} == {"ocm_i"}
    tab.get_by_label("Protocol").select_option("oci_m")
    assert seen(tab) == []
    tab.get_by_role("button", name="Reset").click()
    assert seen(tab) == [t for t in texts if t[0] == "oci_m"]
    for outcome in ("right", "wrong", "undecided"):
        tab.get_by_label("Right or wrong").select_option(outcome)
        assert seen(tab) == [t for t in texts if t[0] == "oci_m" and t[3] == outcome] != []


def test_a_run_is_shown_without_runs_whose_names_begin_alike(opened: Callable[..., Any]) -> None:
    tab = opened()
    # As `reasoning` and `reasoning_only`: the names are compared whole.
    tab.evaluate("() => { document.querySelector('.explorer-text').dataset.run = 'vanilla_only'; }")
    tab.get_by_label("Run").select_option("vanilla")
    assert {t[2] for t in seen(tab)} == {"vanilla"}


def test_a_view_can_be_linked_to(opened: Callable[..., Any], expected: SimpleNamespace) -> None:
    tab = opened()
    tab.get_by_label("Protocol").select_option("ocm_i")
    tab.get_by_label("Run").select_option("vanilla")
    address = tab.evaluate("() => location.search")
    wanted = [t for t in expected.texts if t[0] == "ocm_i" and t[2] == "vanilla"]
    assert seen(tab) == wanted
    assert seen(opened(address)) == wanted
    assert seen(opened("?protocol=")) == expected.texts
    tab.get_by_role("button", name="Reset").click()
    assert tab.evaluate("() => location.search") == ""
    # An address that names what is not there asks for nothing.
    assert seen(opened("?run=%3Cscript%3E&protocol=oci_m")) == [t for t in expected.texts if t[0] == "oci_m"]


def test_pictures_have_alternative_texts_and_reserved_room(opened: Callable[..., Any]) -> None:
    tab = opened("?protocol=")
    tab.evaluate("() => document.querySelectorAll('img[loading=lazy]').forEach(i => i.loading = 'eager')")
    tab.wait_for_function("() => [...document.querySelectorAll('.explorer-picture')].every(i => i.complete)")
    sizes = "i => [i.naturalWidth, i.width, i.naturalHeight, i.height, i.alt]"
    pictures = tab.evaluate(f"() => [...document.querySelectorAll('.explorer-picture')].map({sizes})")
    assert len(pictures) == tab.locator(".explorer-face").count() > 0
    assert all(real == room > 0 and high == tall > 0 and words for real, room, high, tall, words in pictures)


def test_without_scripts_everything_is_shown_and_no_filter(opened: Callable[..., Any], expected: SimpleNamespace) -> None:
    tab = opened(scripts=False)
    assert tab.locator(".explorer-text:visible").count() == len(expected.texts)
    assert not tab.locator(".explorer-filters").is_visible()


def test_hostile_text_is_shown_letter_by_letter_and_does_nothing(opened: Callable[..., Any], expected: SimpleNamespace) -> None:
    tab = opened("?protocol=")
    title = tab.title()
    tab.get_by_label("Run").select_option(expected.hostile)
    texts = tab.locator(f".explorer-text[data-run={expected.hostile}] .model-text")
    assert texts.count() == sum(t[2] == expected.hostile for t in expected.texts) == len(seen(tab))
    for number in range(texts.count()):
        shown = texts.nth(number).inner_text()
        # Line ends and blanks are the page's own.
        assert "".join(HOSTILE.split()) in "".join(shown.split())
    inside = tab.evaluate("() => [...new Set([...document.querySelectorAll('.model-text *')].map(e => e.tagName))].sort()")
    assert set(inside) <= {"BR", "MARK", "SMALL"}
    assert (
        tab.evaluate("() => document.querySelectorAll('.explorer script, .explorer iframe, .explorer b, .explorer i').length")
        == 0
    )
    handlers = (
        "() => [...document.querySelectorAll('.explorer *')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on'))"
    )
    assert tab.evaluate(handlers) == []
    texts.first.hover()
    tab.wait_for_timeout(200)
    assert tab.title() == title
    assert tab.evaluate("() => window.taken") is None
    assert tab.locator("p", has_text="The end.").evaluate("p => p.closest('.explorer')") is None  # the gallery is closed
