"""What is read of pictures, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.evaluation.analyses import reading
from fasrepro.evaluation.results.probes import NamedEffects


def test_a_description_that_no_picture_changes_is_a_tie_and_counts_half() -> None:
    own, other = np.array([-1.0, -2.0, -3.0, -4.0]), np.array([-2.0, -1.0, -3.0, -4.5])
    assert reading.own_picture_share(own, other) == (1 + 0 + 0.5 + 1) / 4


def test_an_effect_is_named_by_any_of_its_wordings() -> None:
    wordings = {
        "a lamp shines back from it": "glare",
        "light is thrown back by it": "glare",
        "the print is faded": "narrow_gamut",
    }
    assert reading.effects_in("Also, the print is faded. Light is thrown back by it.", wordings) == {"glare", "narrow_gamut"}
    assert reading.effects_in("Green bricks.", wordings) == set()


def test_named_effects_are_counted_beside_their_own_still_and_beside_the_next() -> None:
    present = [{"moire", "glare"}, {"halftone"}, set()]
    named = [{"moire", "curl"}, set(), {"halftone"}]
    # Texts moved by one: nothing, halftone, and moire with curl.
    assert reading.named_effects(present, named) == NamedEffects(precision=1 / 3, recall=1 / 3, another_recall=1 / 3)


def test_texts_that_name_nothing_have_no_precision() -> None:
    assert reading.named_effects([{"glare"}], [set()]) == NamedEffects(None, 0.0, 0.0)


def test_pictures_without_an_effect_decide_nothing() -> None:
    with pytest.raises(ValueError, match="no picture shows an effect"):
        reading.named_effects([set(), set()], [{"glare"}, set()])
