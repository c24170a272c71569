"""The data sets by key: title, letter in the names of protocols, media and licence. Their readers: `archives/`."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Dataset:
    """A data set as its publication describes it.

    Args:
        title: its name in text and tables.
        letter: in the short names of protocols (`oci_m`); "" for a data set without one. M, C, I and O are the field's letters
            (I is Replay-Attack, after Idiap); W is ours.
        media: "video" or "image"; a data set of still images has no figures by video.
        licence: terms of access, in a few words.
    """

    title: str
    letter: str
    media: str
    licence: str


_AGREEMENT = "end-user licence agreement, research only"

DATASETS: dict[str, Dataset] = {
    "msu": Dataset("MSU-MFSD", "m", "video", _AGREEMENT),
    "casia": Dataset("CASIA-FASD", "c", "video", _AGREEMENT),
    "replay": Dataset("Replay-Attack", "i", "video", _AGREEMENT),
    "oulu": Dataset("OULU-NPU", "o", "video", _AGREEMENT),
    "siw_mv2": Dataset("SiW-Mv2", "w", "video", _AGREEMENT),
}
TITLES: dict[str, str] = {name: dataset.title for name, dataset in DATASETS.items()}
