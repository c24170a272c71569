"""What the pages served on this machine share; that others are refused is tested with a page: reviewing/test_server.py."""

from __future__ import annotations

import re

import pytest

from tests.layout import ROOT


@pytest.mark.parametrize("package", ["deployment", "reviewing"])
def test_a_page_makes_html_of_no_text_and_loads_nothing_from_elsewhere(package: str) -> None:
    folders = (ROOT / "fasrepro" / package / "static", ROOT / "fasrepro" / "static")
    files = sorted(file for folder in folders for file in folder.iterdir())
    assert {file.suffix for file in files} >= {".html", ".css", ".js"}
    for file in files:
        text = file.read_text(encoding="utf-8")
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert word not in text
        addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*", text))
        assert addresses <= {"http://www.w3.org/2000/svg"}  # the name of a vocabulary, which nobody asks for
