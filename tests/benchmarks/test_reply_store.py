from __future__ import annotations

import sys

import pytest

from benchmarks import reply_store


def test_it_prints_how_many_replies_it_opened(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["reply_store", "50"])
    reply_store.main()
    printed = capsys.readouterr()
    assert printed.out.count("50 replies open in ") == 2 and printed.err == ""
