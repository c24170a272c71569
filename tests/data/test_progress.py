import io

import pytest

from fasrepro.data import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_states_rate_and_time_left() -> None:
    assert progress.line("index", 30, 120, 15.0) == "index: 30 of 120, 2.0/s, 0:45 left"
    assert progress.line("index", 60, 7260, 60.0) == "index: 60 of 7260, 1.0/s, 120:00 left"
    assert progress.line("index", 0, 5, 0.0) == "index: 0 of 5, 0.0/s, 0:00 left"


def test_what_an_earlier_run_did_counts_for_no_rate() -> None:
    assert progress.line("index", 100, 120, 10.0, kept=80) == "index: 100 of 120, 2.0/s, 0:10 left"


def test_a_terminal_shows_one_line_up_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.1, 1.0, 1.2, 1.4])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    terminal = Terminal()
    show = progress.to_stderr("index", 4, terminal)
    for done in (1, 2, 3, 4):  # 0.1 and 0.2 seconds after what was shown last are too soon; the end is always shown
        show(done)
    lines = terminal.getvalue().split("\r\033[K")
    assert lines == ["", "index: 2 of 4, 2.0/s, 0:01 left", "index: 4 of 4, 2.9/s, 0:00 left\n"]


def test_a_log_takes_a_line_a_minute_and_none_of_quick_work(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 30.0, 60.0, 100.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    file = io.StringIO()
    show = progress.to_stderr("index", 10, file)
    for done in (3, 6, 10):
        show(done)
    assert file.getvalue() == "index: 6 of 10, 0.1/s, 0:40 left\n"
