"""Cameras: optics, exposure, white balance, resolution, noise and compression, each varying by presentation.

A camera treats all presentations alike, and none of its effects resembles a cue. It varies as widely within a data set as between
data sets, so that a tint tells neither the data set nor the label.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from fasrepro.simulation.drawing.layers import Array

Range = tuple[float, float]


@dataclasses.dataclass(frozen=True, slots=True)
class Camera:
    """Ranges from which the shot of a presentation is drawn."""

    warmth: Range  # log gain of red against blue
    tint: Range  # log gain of green
    exposure: Range  # log2 gain
    gamma: Range
    blur: Range  # pixels
    vignette: Range  # darkening of the corners, as a share
    noise: Range  # of 255
    scale: Range  # of the sensor's resolution, relative to the frame's
    crf: int  # constant rate factor of H.264, for .mp4 and .mov files
    quantiser: int  # of MPEG-4, for .avi files


CAMERAS: dict[str, Camera] = {
    "phone": Camera(
        (-0.02, 0.14), (-0.04, 0.03), (-0.15, 0.25), (0.90, 1.15), (0.35, 0.75), (0.00, 0.12), (1.5, 4.0), (0.85, 1.0), 21, 3
    ),
    "webcam": Camera(
        (-0.14, 0.03), (-0.02, 0.06), (-0.30, 0.15), (0.95, 1.25), (0.45, 0.90), (0.05, 0.25), (1.5, 5.0), (0.70, 1.0), 24, 4
    ),
    "laptop": Camera(
        (-0.08, 0.12), (-0.03, 0.05), (-0.40, 0.20), (0.85, 1.10), (0.45, 0.80), (0.05, 0.20), (2.0, 5.0), (0.85, 1.0), 24, 4
    ),
    "front_phone": Camera(
        (-0.10, 0.08), (-0.05, 0.02), (-0.10, 0.30), (0.90, 1.20), (0.30, 0.70), (0.00, 0.10), (1.0, 3.5), (0.90, 1.0), 20, 3
    ),
    "reflex": Camera(
        (-0.06, 0.06), (-0.02, 0.02), (-0.20, 0.20), (0.95, 1.10), (0.25, 0.60), (0.05, 0.30), (0.5, 2.0), (0.95, 1.0), 19, 2
    ),
    "old_phone": Camera(
        (-0.04, 0.18), (-0.06, 0.02), (-0.35, 0.15), (0.85, 1.05), (0.55, 1.00), (0.05, 0.20), (3.0, 6.5), (0.65, 0.9), 26, 6
    ),
    "tablet": Camera(
        (-0.16, 0.06), (-0.03, 0.03), (-0.10, 0.35), (1.00, 1.25), (0.40, 0.80), (0.00, 0.10), (1.5, 4.5), (0.80, 1.0), 22, 4
    ),
    "camcorder": Camera(
        (0.00, 0.16), (-0.05, 0.05), (-0.25, 0.25), (0.80, 1.05), (0.45, 0.85), (0.05, 0.30), (2.5, 6.0), (0.75, 1.0), 23, 5
    ),
    "compact": Camera(
        (-0.05, 0.11), (-0.05, 0.03), (-0.25, 0.20), (0.90, 1.15), (0.30, 0.70), (0.00, 0.20), (1.0, 4.0), (0.85, 1.0), 21, 3
    ),
    "mirrorless": Camera(
        (-0.10, 0.05), (-0.02, 0.04), (-0.20, 0.25), (0.90, 1.15), (0.25, 0.65), (0.05, 0.25), (0.5, 2.5), (0.90, 1.0), 19, 2
    ),
    "security": Camera(
        (-0.14, 0.06), (-0.03, 0.06), (-0.40, 0.15), (0.85, 1.15), (0.50, 1.00), (0.05, 0.30), (2.5, 6.5), (0.65, 0.95), 26, 6
    ),
    "action": Camera(
        (-0.04, 0.14), (-0.06, 0.02), (-0.15, 0.35), (0.95, 1.25), (0.35, 0.80), (0.10, 0.30), (1.5, 5.0), (0.80, 1.0), 23, 4
    ),
    "depth_camera": Camera(
        (-0.15, 0.05), (-0.02, 0.05), (-0.30, 0.20), (0.90, 1.20), (0.45, 0.90), (0.00, 0.15), (2.0, 5.5), (0.75, 1.0), 23, 4
    ),
    # Pictures of many people's cameras, as collections from the web have them.
    "web": Camera(
        (-0.18, 0.18), (-0.06, 0.06), (-0.45, 0.40), (0.80, 1.25), (0.25, 1.00), (0.00, 0.30), (0.5, 6.0), (0.65, 1.0), 24, 5
    ),
    "feed": Camera(
        (-0.14, 0.20), (-0.05, 0.06), (-0.40, 0.45), (0.80, 1.30), (0.30, 1.00), (0.00, 0.30), (1.0, 6.5), (0.60, 1.0), 25, 5
    ),
    "album": Camera(
        (-0.20, 0.14), (-0.06, 0.05), (-0.50, 0.35), (0.75, 1.20), (0.25, 0.95), (0.00, 0.35), (0.5, 5.5), (0.70, 1.0), 22, 4
    ),
}
# The foundation's camera: wider ranges than any other.
ANY = Camera((-0.22, 0.22), (-0.08, 0.08), (-0.55, 0.45), (0.75, 1.35), (0.20, 1.10), (0.0, 0.35), (0.5, 7.0), (0.60, 1.0), 0, 0)


@dataclasses.dataclass(frozen=True, slots=True)
class Shot:
    """The camera of one presentation."""

    table: Array  # (256, 1, 3) uint8: white balance, exposure and gamma
    blur: float
    vignette: float
    noise: float
    scale: float
    crf: int
    quantiser: int

    @property
    def quality(self) -> str:
        """The quality of the picture in a word, for the attributes of the truth."""
        return "soft" if self.blur > 0.75 or self.scale < 0.8 else "noisy" if self.noise > 4 else "clear"


def draw(camera: Camera, rng: np.random.Generator, exposure: float = 0.0, warmth: float = 0.0, focus: float = 0.0) -> Shot:
    """Return the shot of one presentation.

    Args:
        camera: its ranges.
        rng: of the draws.
        exposure: that the setting adds, in log2.
        warmth: that the setting adds, in log.
        focus: blur that the setting adds, in pixels.
    """
    warmth, tint = warmth + rng.uniform(*camera.warmth), rng.uniform(*camera.tint)
    gains = np.exp([warmth, tint, -warmth]) * 2 ** (exposure + rng.uniform(*camera.exposure))
    ramp = np.linspace(0, 1, 256)[:, None] ** rng.uniform(*camera.gamma)
    # Highlights roll off instead of clipping hard.
    table = np.tanh(ramp * gains * 1.1) / np.tanh(1.1)
    return Shot(
        table=(np.clip(table, 0, 1) * 255).round().astype(np.uint8)[:, None, :],
        blur=focus + rng.uniform(*camera.blur),
        vignette=rng.uniform(*camera.vignette),
        noise=rng.uniform(*camera.noise),
        scale=rng.uniform(*camera.scale),
        crf=camera.crf,
        quantiser=camera.quantiser,
    )


def words(shot: Shot) -> dict[str, str]:
    """Return the sharpness, grain, brightness and cast of a shot, each in a word: anyone can see them in any picture."""
    red, green, blue = (float(level) for level in shot.table[128, 0])  # of a middle grey
    level = (red + green + blue) / 3
    return {
        "sharpness": "soft" if shot.blur > 0.7 or shot.scale < 0.75 else "sharp",
        "grain": "grainy" if shot.noise > 4 else "smooth",
        "brightness": "dark" if level < 125 else "bright" if level > 175 else "even",
        "cast": "warm" if red > 1.12 * blue else "cold" if blue > 1.12 * red else "plain",
    }


@dataclasses.dataclass(frozen=True, slots=True)
class Sensor:
    """What a shot adds to its frames: fields of noise, used in turn, and the fall-off of light towards the corners."""

    noise: tuple[Array, ...]  # int16 of (height, width, 3)
    falloff: Array  # float32 of (height, width, 3), in (0, 1]


def sensor(shot: Shot, height: int, width: int, fields: int, rng: np.random.Generator) -> Sensor:
    """Draw `fields` fields of noise, mostly the same in the three colours, and compute the vignette."""
    bank = []
    for _ in range(fields):
        grey = rng.standard_normal((height, width, 1), dtype=np.float32)
        colour = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), dtype=np.float32)
        colour = cv2.resize(colour, (width, height), interpolation=cv2.INTER_LINEAR)
        bank.append((shot.noise * (0.85 * grey + 0.5 * colour)).round().astype(np.int16))
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    falloff = (1 - shot.vignette * (rows**2 + columns**2) / 2).astype(np.float32)
    return Sensor(tuple(bank), np.repeat(falloff[..., None], 3, axis=2))


def film(picture: Array, shot: Shot, sensor: Sensor, number: int) -> Array:
    """Return what the camera makes of `picture` (uint8 RGB), its frame `number`, in the same size and type."""
    height, width = picture.shape[:2]
    if shot.scale < 0.97:
        small = (round(width * shot.scale), round(height * shot.scale))
        picture = cv2.resize(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), (width, height))
    picture = cv2.GaussianBlur(picture, (0, 0), shot.blur)
    picture = cv2.multiply(picture, sensor.falloff, dtype=cv2.CV_8U)
    picture = cv2.LUT(picture, shot.table)
    return cv2.add(picture, sensor.noise[number % len(sensor.noise)], dtype=cv2.CV_8U)
