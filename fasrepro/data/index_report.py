"""The report on the index of a data set: what was taken, and what was excluded -> results/index_report/<dataset>.json."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable
from typing import Any

from fasrepro.archives.layout import Exclusion, Reading, suffix_of
from fasrepro.data.frames import IMAGES
from fasrepro.rows.faces import SPLITS, Face


@dataclasses.dataclass(frozen=True, slots=True)
class IndexedVideo:
    """The faces of one video.

    Args:
        path: of the video, relative to its archive's root.
        rows: its faces.
        candidates: how many frames were searched for a face.
        with_face: how many of them have one.
        stand_ins: taken frame -> the frame without a face for which it stands in.
        eye_sources: one a row: see `cropping.crop`.
        turns: quarter turns, counter-clockwise, that made its frames upright.
        unknown: what its files do not tell, once for each face: "box" where a picture is a crop, "frame" where it has no number.
    """

    path: str
    rows: list[Face]
    candidates: int
    with_face: int
    stand_ins: dict[int, int]
    eye_sources: list[str]
    turns: int
    unknown: list[str] = dataclasses.field(default_factory=list)


def counts(values: Iterable[str]) -> dict[str, int]:
    """Count equal values, by value."""
    return dict(sorted(collections.Counter(values).items()))


def report(videos: list[IndexedVideo], total: int, reading: Reading, unreadable: list[Exclusion]) -> dict[str, Any]:
    """Return the report on one data set, as JSON.

    It counts faces, subjects, videos, and the sources of boxes and eyes. It names every exclusion with its reason, every video
    with a single face, every video whose boxes are the centre, every frame that a neighbour stands in for, and every video that
    was turned.

    Args:
        videos: that gave faces.
        total: number of videos of the archive, excluded ones included.
        reading: of the archive, with the files that its layout or lists exclude.
        unreadable: videos that gave no face.
    """
    videos = sorted(videos, key=lambda video: video.path)
    rows = [row for video in videos for row in video.rows]
    one_a_video = {row.presentation: row for row in rows}.values()
    single = {
        video.path: f"{video.with_face} of {video.candidates} candidate frames with a face"
        for video in videos
        if len(video.rows) == 1 and suffix_of(video.path).lower() not in IMAGES
    }
    centre = [video.path for video in videos if any(row.box_source == "centre" for row in video.rows)]
    stand_ins = {
        video.path: ", ".join(f"frame {taken} for {missed}" for taken, missed in sorted(video.stand_ins.items()))
        for video in videos
        if video.stand_ins
    }
    unknown = counts(what for video in videos for what in video.unknown)
    turned = {video.path: video.turns for video in videos if video.turns}
    excluded = sorted([*reading.exclusions, *unreadable], key=lambda exclusion: exclusion.path)
    excluded_by = {"the archive's layout or lists": len(reading.exclusions), "a broken video or sidecar": len(unreadable)}
    return {
        "videos": total,
        "faces": len(rows),
        "subjects": counts(split for _, split in {(row.subject, row.split) for row in rows}),
        "videos_by_split": {
            split: counts(row.species for row in one_a_video if row.split == split)
            for split in SPLITS
            if any(row.split == split for row in one_a_video)
        },
        "videos_by_box_source": counts(row.box_source for row in one_a_video),
        "faces_by_eye_source": counts(source for video in videos for source in video.eye_sources if source),
        "excluded": {exclusion.path: exclusion.reason for exclusion in excluded},
        "excluded_by": {reason: count for reason, count in excluded_by.items() if count},
        "excluded_count": len(excluded),
        "unreadable_videos": len(unreadable),
        "single_face": single,
        "single_face_count": len(single),
        "centre": centre,
        "centre_count": len(centre),
        "stand_ins": stand_ins,
        "stand_ins_count": sum(len(video.stand_ins) for video in videos),
        "turned": turned,
        "turned_count": len(turned),
        **({"unknown": unknown} if unknown else {}),
        **({"notices": reading.notices} if reading.notices and reading.files else {}),
    }
