"""Which turn a video is read in, where its data set and the file itself differ."""

from pathlib import Path

import numpy as np

from fasrepro.archives import rose_youtu
from fasrepro.archives.rose_youtu import Name
from fasrepro.data import index
from fasrepro.data.settings import IndexSettings
from tests import videos

SETTINGS = IndexSettings(every=5, first=4, min_face=30, neighbours=2, max_exclusion_rate=0.05, crop="tight")


def test_a_video_known_to_be_stored_upright_is_not_turned_by_its_flag(tmp_path: Path) -> None:
    """iPhones film screens of Rose-Youtu upright, as its public loader reads them. No face is here that a detector could turn."""
    shown = rose_youtu.presentation(Name("test", "Vl", "NT", "5s", "wg", "E", 13, 1))
    videos.write(tmp_path / shown.path, [np.full((64, 96, 3), 90, np.uint8)] * 6)
    videos.ask_to_turn(tmp_path / shown.path, 180)
    video, _ = index.index_video(tmp_path, shown, SETTINGS, [])
    assert (video.turns, video.rows[0].box_source) == (0, "centre")
