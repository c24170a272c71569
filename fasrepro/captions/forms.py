"""Whether a text that a model wrote has the form of a caption."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from fasrepro.captions import checks
from fasrepro.captions.styles import Style


def fits(text: str, forms: Sequence[Style]) -> bool:
    """Return whether a text has the form of one of the styles.

    One with a step's heading is held to the styles that have steps: running text would take it, whatever became of them.
    """
    stepped = [style for style in forms if any(f"{heading}:" in text for heading in style.headings)]
    for style in stepped or forms:
        with contextlib.suppress(checks.Rejected):
            return bool(checks.parse(style, text))
    return False
