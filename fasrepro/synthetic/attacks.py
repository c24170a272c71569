"""Which cues an attack shows: a distribution a PAI species, so that no cue is in every presentation of any."""

from __future__ import annotations

import numpy as np

# species -> cue -> how often it is there
CUE_RATES: dict[str, dict[str, float]] = {
    "print": {"halftone": 0.65, "paper_border": 0.55, "flat_light": 0.55},
    "warped_photo": {"halftone": 0.65, "paper_border": 0.55, "flat_light": 0.45},
    "cut_photo": {"halftone": 0.60, "paper_border": 0.60, "flat_light": 0.50},
    "replay_photo": {"moire": 0.65, "glare": 0.50, "bezel": 0.55},
    "replay_video": {"moire": 0.65, "glare": 0.50, "bezel": 0.55},
}
STRENGTH = (0.40, 1.0)
# What moves: the person shown (a video), the eyes behind the holes (a cut photo), the sheet's own curve (a bent photo).
MOVING = {"replay_video": "person", "cut_photo": "eyes", "warped_photo": "none", "print": "none", "replay_photo": "none"}
# The raster of a data set's printers and the interference of its screens, in pixels of the frame: smallest and largest.
PERIODS: dict[str, tuple[float, float]] = {"msu": (4.2, 5.6), "casia": (4.6, 6.2), "replay": (4.4, 5.6), "oulu": (4.0, 5.8)}


def draw_cues(species: str, rng: np.random.Generator) -> dict[str, float]:
    """Return cue -> strength for one attack: each by its rate, drawn again until there is one at least."""
    rates = CUE_RATES[species]
    while True:
        cues = {cue: round(float(rng.uniform(*STRENGTH)), 3) for cue, rate in rates.items() if rng.random() < rate}
        if cues:
            return cues
