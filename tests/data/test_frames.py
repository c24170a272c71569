"""Decoding of files that PyAV writes, whole and broken."""

from collections.abc import Callable
from pathlib import Path

import av
import h5py
import numpy as np
import pytest
from PIL import Image

from fasrepro.data import frames as decoding
from fasrepro.data.frames import VideoError, decode, held_frames, one_by_one
from fasrepro.data.frames import stream as stream_frames
from tests import videos


def grey_frames(count: int) -> list[np.ndarray]:
    """Return frames whose brightness encodes their number."""
    return [np.full((64, 96, 3), 40 + 3 * number, np.uint8) for number in range(count)]


def noisy_frames(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (64, 96, 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi"])
def test_every_fifth_frame_is_kept_under_its_number(tmp_path: Path, suffix: str) -> None:
    videos.write(tmp_path / f"v{suffix}", grey_frames(52))
    frames = decode(tmp_path / f"v{suffix}", 5)
    assert frames.count == 52
    assert list(frames.kept) == list(range(0, 52, 5))
    for number in frames.kept:
        assert abs(frames.rgb(number).mean() - (40 + 3 * number)) < 3
    assert frames.rgb(5).shape == (64, 96, 3)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("no video at all\n" * 50)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi"])
@pytest.mark.parametrize(
    ("fault", "message"),
    [(cut_in_half, r"truncated: \d+ of 52|not decodable"), (empty, "empty file"), (text, "not decodable")],
)
def test_broken_videos_are_errors_with_a_reason(tmp_path: Path, suffix: str, fault: Callable[[Path], None], message: str) -> None:
    path = tmp_path / f"v{suffix}"
    videos.write(path, noisy_frames(52))
    fault(path)
    with pytest.raises(VideoError, match=message):
        decode(path, 5)


def test_a_video_of_no_frames_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    videos.write(path, noisy_frames(2))
    data = path.read_bytes()
    at = data.index(b"movi") + 4  # keeps the headers alone
    path.write_bytes(data[:at])
    with pytest.raises(VideoError, match=r"no frames|not decodable|truncated"):
        decode(path, 5)


def corners(picture: np.ndarray) -> list[bool]:
    """Return which corners of a picture are bright: top left, top right, bottom left, bottom right."""
    return [bool(picture[y, x].mean() > 128) for y in (3, -4) for x in (3, -4)]


def test_frames_are_turned_upright(tmp_path: Path) -> None:
    frame = np.full((64, 96, 3), 30, np.uint8)
    frame[:32, :48] = 240
    videos.write(tmp_path / "v.mp4", [frame] * 6)
    stored = decode(tmp_path / "v.mp4", 5)
    assert corners(stored.rgb(5)) == [True, False, False, False]
    half = decode(tmp_path / "v.mp4", 5, turns=2)
    assert corners(half.rgb(0)) == [False, False, False, True]
    assert np.array_equal(half.rgb(0), stored.rgb(0)[::-1, ::-1])
    quarter = decode(tmp_path / "v.mp4", 5, turns=1)  # counter-clockwise, as np.rot90
    assert (*quarter.size(0), 3) == quarter.rgb(0).shape == (96, 64, 3)
    assert corners(quarter.rgb(0)) == [False, False, True, False]


@pytest.mark.parametrize(("degrees", "corner"), [(90, 1), (180, 3), (270, 2)])
def test_the_files_own_rotation_is_applied_on_request(tmp_path: Path, degrees: int, corner: int) -> None:
    frame = np.full((64, 96, 3), 30, np.uint8)
    frame[:32, :48] = 240
    videos.write(tmp_path / "v.mp4", [frame] * 6)
    videos.ask_to_turn(tmp_path / "v.mp4", degrees)
    assert corners(decode(tmp_path / "v.mp4", 5).rgb(0)) == [True, False, False, False]
    assert corners(decode(tmp_path / "v.mp4", 5, turns=None).rgb(0)).index(True) == corner


def test_frames_can_be_decoded_again_one_by_one(tmp_path: Path) -> None:
    videos.write(tmp_path / "v.avi", grey_frames(20))
    decoded = {number: frames for frames in one_by_one(tmp_path / "v.avi", {3, 11, 99}, 0) for number in frames.kept}
    assert list(decoded) == [3, 11]
    assert abs(decoded[11].rgb(11).mean() - (40 + 33)) < 3
    assert list(one_by_one(tmp_path / "v.avi", set(), 0)) == []


def test_frames_beyond_the_memory_cap_are_decoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "v.avi"
    videos.write(path, grey_frames(31))
    whole = decode(path, 5, turns=1)
    one = sum(plane.buffer_size for plane in whole.kept[0].planes)
    monkeypatch.setattr(decoding, "KEPT_BYTES", 3 * one)
    some = decode(path, 5, turns=1)
    assert list(some.kept) == [0, 5, 10]
    assert some.candidates == whole.candidates == [0, 5, 10, 15, 20, 25, 30]
    assert [some.size(number) for number in some.candidates] == [(96, 64)] * 7
    seen = [(number, held.rgb(number)) for number, held in held_frames(path, some, [5, 7, 15, 30])]
    assert [number for number, _ in seen] == [5, 7, 15, 30]
    assert all(np.array_equal(rgb, whole.rgb(number)) for number, rgb in seen if number != 7)
    with pytest.raises(VideoError, match="frame 99 is missing"):
        list(held_frames(path, some, [30, 99]))


def test_rotation_is_applied_when_no_frame_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    videos.write(tmp_path / "v.mp4", grey_frames(6))
    videos.ask_to_turn(tmp_path / "v.mp4", 90)
    monkeypatch.setattr(decoding, "KEPT_BYTES", 0)
    frames = decode(tmp_path / "v.mp4", 5, turns=None)
    assert (frames.kept, frames.turns, frames.size(5)) == ({}, 3, (96, 64))


def damage(path: Path, number: int) -> None:
    """Overwrite the picture of one frame of a .mov file, and leave its container whole."""
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][number]
        place, size = packet.pos, packet.size
    data = bytearray(path.read_bytes())
    data[place : place + size] = bytes(size)
    path.write_bytes(data)


def test_a_frame_that_does_not_decode_costs_that_frame(tmp_path: Path) -> None:
    path = tmp_path / "v.mov"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mjpeg", rate=25)  # every frame alone
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuvj420p"
        for frame in grey_frames(30):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        output.mux(stream.encode())
    damage(path, 12)
    decoded = dict(stream_frames(path))
    assert sorted(decoded) == [number for number in range(30) if number != 12]
    for number, frame in decoded.items():
        assert abs(frame.to_ndarray(format="rgb24").mean() - (40 + 3 * number)) < 3
    frames = decode(path, 4)
    assert (frames.candidates, frames.count) == ([0, 4, 8, 16, 20, 24, 28], 30)
    for number in range(0, 30, 5):
        damage(path, number)
    with pytest.raises(VideoError, match="truncated: 23 of 30 frames"):
        decode(path, 4)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_still_image_is_a_single_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(np.full((63, 95, 3), (200, 100, 50), np.uint8)).save(path, quality=95)
    frames = decode(path, 5)
    assert (frames.candidates, frames.count, frames.size(0)) == ([0], 1, (63, 95))
    assert np.abs(frames.rgb(0).astype(int) - (200, 100, 50)).max() < 6
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(VideoError, match="not decodable"):
        decode(path, 5)
    path.write_text("no picture")
    with pytest.raises(VideoError, match="not decodable: cannot identify"):
        decode(path, 5)


def test_frames_of_hdf5_files(tmp_path: Path) -> None:
    pictures = np.stack([np.full((3, 20, 30), 10 * number, np.uint8) for number in range(12)])
    with h5py.File(tmp_path / "threedmad.hdf5", "w") as file:
        file["Color_Data"] = pictures
    with h5py.File(tmp_path / "wmca.hdf5", "w") as file:
        for number in range(0, 12, 2):
            file[f"Frame_{number}/array"] = pictures[number]
    assert decode(tmp_path / "threedmad.hdf5", 5).candidates == [0, 5, 10]
    wmca = decode(tmp_path / "wmca.hdf5", 5)
    assert (wmca.candidates, wmca.size(10)) == ([0, 10], (20, 30))
    assert wmca.rgb(10).mean() == 100
    data = (tmp_path / "wmca.hdf5").read_bytes()
    (tmp_path / "cut.hdf5").write_bytes(data[: len(data) // 2])
    with pytest.raises(VideoError, match=r"^not a whole HDF5 file \(.*truncated"):
        decode(tmp_path / "cut.hdf5", 5)
    with h5py.File(tmp_path / "none.hdf5", "w") as file:
        file["else"] = 1
    with pytest.raises(VideoError, match="no frames"):
        decode(tmp_path / "none.hdf5", 5)
