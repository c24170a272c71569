"""README.md's figure and verdicts are what the report makes of the results in git."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from fasrepro.report import readme
from tests.layout import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
OLD = f"a\n{readme.BEGIN}\nold\n{readme.END}\nb"


def pixels(source: object) -> np.ndarray:
    return np.asarray(Image.open(source).convert("RGB"), float)


def test_readmes_verdicts_are_those_of_the_recorded_results() -> None:
    assert readme.updated(TEXT, readme.verdicts(readme.material(ROOT))) == TEXT, "run `make readme`"
    assert readme.verdicts(readme.material(ROOT)).count("- ") == len(readme.QUESTIONS)


def test_readmes_figure_is_drawn_from_the_recorded_results() -> None:
    drawn = io.BytesIO()
    readme.draw(readme.material(ROOT), drawn)
    ours, committed = pixels(drawn), pixels(ROOT / readme.FIGURE)
    assert f"]({readme.FIGURE})" in TEXT
    assert ours.shape == committed.shape, "run `make readme`"
    assert np.abs(ours - committed).mean() < 1, "run `make readme`"  # another build of the font library moves edges a little


def test_a_changed_verdict_changes_the_text_between_the_marks_and_nothing_else() -> None:
    assert readme.updated(OLD, "- new\n") == f"a\n{readme.BEGIN}\n- new\n{readme.END}\nb"
    assert readme.updated(readme.updated(OLD, "- new\n"), "- new\n") == readme.updated(OLD, "- new\n")
    with pytest.raises(ValueError, match="no <!-- verdicts"):
        readme.updated("no marks", "- new\n")
