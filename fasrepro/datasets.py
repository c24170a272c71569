"""The data sets by key: title, letter in the names of protocols, media and licence; and types of attack. Readers: `archives/`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Dataset:
    """A data set as its publication describes it.

    Args:
        title: its name in text and tables.
        letter: in the short names of protocols (`oci_m`); "" for a data set without one. M, C, I and O are the field's letters
            (I is Replay-Attack, after Idiap); W is ours.
        media: "video" or "image"; a data set of still images has no figures by video.
        licence: terms of access, in a few words.
        paper1: what paper 1 uses it for; "" for nothing.
        paper2: what paper 2 uses it for.
        page: public page of the release or of its lists; "" where none is known to us.
    """

    title: str
    letter: str = ""
    media: str = "video"
    licence: str = "not stated"
    paper1: str = ""
    paper2: str = ""
    page: str = ""


MEDIA = ("video", "image")
_SOURCE_AND_TARGET = "source and target (leave-one-out)"
_TARGET = "target"
_SOURCE = "source"
_CASIA_LISTS = "https://github.com/liuajian/CASIA-FAS-Dataset"
_AGREEMENT = "end-user licence agreement, research only"
_RESEARCH = "research only"

DATASETS: dict[str, Dataset] = {
    "msu": Dataset("MSU-MFSD", "m", "video", _AGREEMENT, _SOURCE_AND_TARGET, _TARGET),
    "casia": Dataset("CASIA-FASD", "c", "video", _AGREEMENT, _SOURCE_AND_TARGET, _TARGET),
    "replay": Dataset("Replay-Attack", "i", "video", _AGREEMENT, _SOURCE_AND_TARGET, _TARGET),
    "oulu": Dataset("OULU-NPU", "o", "video", _AGREEMENT, _SOURCE_AND_TARGET, _TARGET),
    "siw_mv2": Dataset(
        "SiW-Mv2", "w", "video", _AGREEMENT, _TARGET, _TARGET, "https://github.com/CHELSEA234/Multi-domain-learning-FAS"
    ),
    "celeba_spoof": Dataset("CelebA-Spoof", "", "image", _RESEARCH, "", _SOURCE),
    "wfas": Dataset(
        "WFAS",
        "",
        "image",
        _AGREEMENT,
        "",
        _SOURCE,
        "https://github.com/deepinsight/insightface/tree/master/challenges/cvpr23-fas-wild",
    ),
    "siw": Dataset("SiW", "", "video", _AGREEMENT, "", _TARGET),
    "hkbu": Dataset("HKBU-MARs V2", "", "video", _AGREEMENT, "", "target, in its version V1+", _CASIA_LISTS),
    "hifimask": Dataset("HiFiMask", "", "video", _AGREEMENT, "", _TARGET, _CASIA_LISTS),
    "wmca": Dataset("WMCA", "", "video", _AGREEMENT, "", _TARGET),
    "surf_3dmask": Dataset("CASIA-SURF 3DMask", "", "video", _AGREEMENT, "", _TARGET, _CASIA_LISTS),
    "rose_youtu": Dataset("Rose-Youtu", "", "video", _AGREEMENT, "", _TARGET),
    "threedmad": Dataset("3DMAD", "", "video", _AGREEMENT),
    "siw_m": Dataset("SiW-M", "", "video", _AGREEMENT),
    "casia_surf": Dataset("CASIA-SURF", "", "video", _AGREEMENT, page=_CASIA_LISTS),
    "cefa": Dataset("CASIA-SURF CeFA", "", "video", _AGREEMENT, page=_CASIA_LISTS),
}


def is_still(name: str) -> bool:
    """Return whether a data set holds still images; one that is not in `DATASETS` holds videos.

    >>> is_still("wfas"), is_still("msu")
    (True, False)
    """
    return name in DATASETS and DATASETS[name].media == "image"


TITLES: dict[str, str] = {name: dataset.title for name, dataset in DATASETS.items()}
PUBLISHED = tuple(DATASETS)  # all others are described by params.yaml


def describe(described: Mapping[str, Dataset]) -> None:
    """Let `DATASETS` and `TITLES` hold the published data sets and these, and no others."""
    for name in [name for name in DATASETS if name not in PUBLISHED]:
        del DATASETS[name], TITLES[name]
    DATASETS.update(described)
    TITLES.update({name: dataset.title for name, dataset in described.items()})


# Species -> the type of attack in the figure of FaceCoT's repository (paper 2), which files a worn photo under print, not mask.
FACECOT_TYPES: dict[str, str] = {
    "print": "Photo",
    "poster": "Poster",
    "a4_print": "A4",
    "album_photo": "Album",
    "newspaper_photo": "Newspaper",
    "facial_photo": "Facial Photo",
    "upper_body_photo": "Upper Body",
    "replay_pad": "Pad",
    "replay_pc": "PC",
    "replay_phone": "Phone",
    "adult_doll": "AdultDoll",
    "garage_kit": "GarageKit",
    "region_mask": "Region Mask",
    "mask_3d": "3D Mask",
}
