"""Every page of the built book in headless Chromium, served on loopback and opened as files, with everything else blocked.

The book's folder is $FASREPRO_BOOK, by default book/_build/site. `make test-browser` runs this.
"""

from __future__ import annotations

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from tests.browser.conftest import Quiet

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -r requirements.lock")

pytestmark = pytest.mark.browser

BOOK = Path(os.environ.get("FASREPRO_BOOK") or "book/_build/site")
PAGES = sorted(str(path.relative_to(BOOK)) for path in BOOK.rglob("*.html") if "_static" not in path.relative_to(BOOK).parts)
# In the page: faults that a reader would see. Formulas are looked for in the article's text, not in code.
INSPECT = """() => {
  const article = document.querySelector('article') || document.body;
  const text = article.cloneNode(true);
  text.querySelectorAll('pre, code, script, mjx-container, .model-text').forEach(node => node.remove());
  return {
    images: [...document.images].filter(i => !i.complete || i.naturalWidth === 0).map(i => i.getAttribute('src')),
    count: document.images.length,
    without_alt: [...article.querySelectorAll('img')].filter(i => !i.alt).map(i => i.getAttribute('src').slice(0, 60)),
    raw: (text.textContent.match(/\\\\\\(|\\\\\\[|\\$\\$|\\\\mathrm|\\{\\{/g) || []),
    formulas: document.querySelectorAll('.math').length,
    rendered: document.querySelectorAll('.math mjx-container').length,
    broken: document.querySelectorAll('mjx-merror, [data-mjx-error]').length,
    links: [...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href')),
    ids: [...document.querySelectorAll('[id]')].map(e => e.id),
    results: article.querySelectorAll(location.pathname.includes('/executed/') ? 'table, img' : 'table, figure').length,
    origins: article.querySelectorAll('.origin a[download]').length,
    words: article.textContent.split(/\\s+/).length,
  };
}"""


@pytest.fixture(scope="module", params=["served", "files"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    if not PAGES:
        pytest.fail(f"{BOOK} holds no page: run `make book` or set FASREPRO_BOOK to a built book's folder")
    if request.param == "files":
        yield BOOK.resolve().as_uri()
        return
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(BOOK))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Visit:
    """One page, opened; `faults` are the browser's own complaints, `page` is what `INSPECT` returns."""

    def __init__(self, browser: playwright.Browser, address: str, name: str) -> None:
        self.faults: list[str] = []
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        tab = context.new_page()
        tab.route("**/*", functools.partial(self.guard, address))
        tab.on("console", lambda message: message.type == "error" and self.faults.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: (self.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        tab.on("response", lambda answer: answer.status >= 400 and self.faults.append(f"{answer.status}: {answer.url}"))
        tab.goto(f"{address}/{name}", wait_until="load")
        # A picture below the fold may wait until it is scrolled to.
        tab.evaluate("() => document.querySelectorAll('img[loading=lazy]').forEach(i => i.loading = 'eager')")
        tab.wait_for_load_state("networkidle")
        tab.evaluate("async () => { if (window.MathJax && MathJax.startup) await MathJax.startup.promise; }")
        self.page = tab.evaluate(INSPECT)
        context.close()

    def guard(self, address: str, route: playwright.Route) -> None:
        url = route.request.url
        if url.startswith((f"{address}/", "data:", "blob:")):
            route.continue_()
        else:
            self.faults.append(f"reaches out: {url}")
            route.abort()


@pytest.fixture(scope="module")
def visits(browser: playwright.Browser, address: str) -> dict[str, Visit]:
    return {page: Visit(browser, address, page) for page in PAGES}


def faults(visits: dict[str, Visit], of: str) -> dict[str, object]:
    return {page: visit.page[of] for page, visit in visits.items() if visit.page[of]}


def test_the_browser_reports_no_error_and_no_outside_request(visits: dict[str, Visit]) -> None:
    assert {page: visit.faults for page, visit in visits.items() if visit.faults} == {}


def test_every_page_holds_text(visits: dict[str, Visit]) -> None:
    generated = {"search.html"}
    assert {page: visit.page["words"] for page, visit in visits.items() if visit.page["words"] < 50}.keys() <= generated


def test_no_image_is_missing_and_each_has_an_alternative_text(visits: dict[str, Visit]) -> None:
    assert faults(visits, "images") == {}
    ours = {page: images for page, images in faults(visits, "without_alt").items() if not page.startswith("executed/")}
    assert ours == {}
    assert sum(visit.page["count"] for visit in visits.values()) > 0


def test_every_formula_is_rendered(visits: dict[str, Visit]) -> None:
    assert faults(visits, "raw") == {}
    assert faults(visits, "broken") == {}
    assert all(visit.page["formulas"] == visit.page["rendered"] for visit in visits.values())
    assert visits["method.html"].page["rendered"] >= 3


def test_every_internal_link_and_anchor_exists(visits: dict[str, Visit]) -> None:
    ids = {page: set(visit.page["ids"]) for page, visit in visits.items()}
    broken = []
    for page, visit in visits.items():
        for href in visit.page["links"]:
            parts = urlsplit(href)
            if parts.scheme in ("http", "https", "mailto"):
                continue
            path, anchor = urldefrag(href)
            target = (BOOK / page).parent / unquote(path.split("?")[0]) if path else BOOK / page
            if not target.is_file():
                broken.append(f"{page}: {href}")
            name = os.path.relpath(target, BOOK)
            if anchor and name in ids and unquote(anchor) not in ids[name]:
                broken.append(f"{page}: {href} (no such anchor)")
    assert broken == []


def test_every_page_with_results_says_where_they_come_from(visits: dict[str, Visit]) -> None:
    origins = ("Synthetic archives", "Synthetic presentations", "Licensed archives")
    shown = [page for page in PAGES if page not in ("search.html", "ablation.html", "calibration.html")]  # those show none
    assert [page for page in shown if not any(word in (BOOK / page).read_text(encoding="utf-8") for word in origins)] == []


def test_every_table_and_figure_of_a_page_with_results_can_be_downloaded(visits: dict[str, Visit]) -> None:
    """That the files are there, the test of links says."""
    without = ("manual.html", "search.html", "ablation.html")
    counts = {page: (visit.page["results"], visit.page["origins"]) for page, visit in visits.items() if page not in without}
    assert {page: count for page, count in counts.items() if count[0] != count[1]} == {}
    assert sum(origins for _, origins in counts.values()) > 0
