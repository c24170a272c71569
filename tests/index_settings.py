"""The settings of the index that the default profile has, for tests that import no torch."""

from __future__ import annotations

from fasrepro.data.settings import IndexSettings

INDEX = IndexSettings(every=5, first=4, min_face=40, neighbours=4, crop="tight", max_exclusion_rate=0.05)
