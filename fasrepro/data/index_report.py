"""What an index took and what it left out, data set by data set: results/index.json."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable
from typing import Any

from fasrepro.archives.layout import Exclusion, Reading
from fasrepro.rows.faces import SPLITS, Face


@dataclasses.dataclass(frozen=True, slots=True)
class Indexed:
    """What one video gave."""

    path: str  # of the video, relative to its archive's root
    rows: list[Face]
    candidates: int  # frames that were looked at
    with_face: int  # of these
    stand_ins: dict[int, int]  # taken frame -> the frame without a face that it stands in for
    eye_sources: list[str]  # one a row: see cropping.crop
    turns: int  # quarter turns, counter-clockwise, that made its frames upright


def counts(values: Iterable[str]) -> dict[str, int]:
    """Count equal values, by value."""
    return dict(sorted(collections.Counter(values).items()))


def of_dataset(indexed: list[Indexed], videos: int, reading: Reading, unreadable: list[Exclusion]) -> dict[str, Any]:
    """Return the report on one data set, as JSON.

    It counts faces, videos, and where boxes and eyes came from, and names every exclusion with its reason (`excluded_by` counts
    the rules that dropped them), every video that gave a single face, every one whose boxes are the centre, every one whose frame
    without a face a neighbour stands in for, and every one that was turned upright.
    """
    indexed = sorted(indexed, key=lambda video: video.path)
    rows = [row for video in indexed for row in video.rows]
    by_video = {row.presentation: row for row in rows}.values()
    single = {
        video.path: f"{video.with_face} of {video.candidates} candidate frames with a face"
        for video in indexed
        if len(video.rows) == 1
    }
    centre = [video.path for video in indexed if any(row.box_source == "centre" for row in video.rows)]
    beside = {
        video.path: ", ".join(f"frame {taken} for {missed}" for taken, missed in sorted(video.stand_ins.items()))
        for video in indexed
        if video.stand_ins
    }
    turned = {video.path: video.turns for video in indexed if video.turns}
    excluded = sorted([*reading.exclusions, *unreadable], key=lambda exclusion: exclusion.path)
    return {
        "videos": videos,
        "faces": len(rows),
        "subjects": counts(split for _, split in {(row.subject, row.split) for row in rows}),
        "videos_by_split": {
            split: counts(row.species for row in by_video if row.split == split)
            for split in SPLITS
            if any(row.split == split for row in by_video)
        },
        "videos_by_box_source": counts(row.box_source for row in by_video),
        "faces_by_eye_source": counts(source for video in indexed for source in video.eye_sources if source),
        "excluded": {exclusion.path: exclusion.reason for exclusion in excluded},
        "excluded_by": {
            rule: count
            for rule, count in (
                ("the archive's layout or lists", len(reading.exclusions)),
                ("a broken video or sidecar", len(unreadable)),
            )
            if count
        },
        "excluded_count": len(excluded),
        "unreadable_videos": len(unreadable),
        "single_face": single,
        "single_face_count": len(single),
        "centre": centre,
        "centre_count": len(centre),
        "stand_ins": beside,
        "stand_ins_count": sum(len(video.stand_ins) for video in indexed),
        "turned": turned,
        "turned_count": len(turned),
    }
