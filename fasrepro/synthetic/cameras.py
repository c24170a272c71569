"""One camera a data set: white balance, exposure, blur, noise, resolution and compression, each varying by presentation.

The variation is as wide as the difference between two data sets, so that no plain tint gives a data set or a label away.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from fasrepro.synthetic.drawing import Array

Range = tuple[float, float]


@dataclasses.dataclass(frozen=True, slots=True)
class Camera:
    """Ranges that a presentation's settings are drawn from."""

    warmth: Range  # log gain of red against blue
    tint: Range  # log gain of green
    exposure: Range  # log2 gain
    gamma: Range
    blur: Range  # pixels
    noise: Range  # of 255
    scale: Range  # of the sensor's resolution against the frame's
    quality: int  # constant rate factor of H.264, or quantiser of MPEG-4: less is better


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """One presentation's camera."""

    table: Array  # (256, 1, 3) uint8: white balance, exposure and gamma
    blur: float
    noise: float
    scale: float
    quality: int


CAMERAS: dict[str, Camera] = {
    "msu": Camera((-0.02, 0.14), (-0.04, 0.03), (-0.15, 0.25), (0.90, 1.15), (0.35, 0.75), (1.5, 4.0), (0.85, 1.0), 21),
    "casia": Camera((-0.14, 0.03), (-0.02, 0.06), (-0.30, 0.15), (0.95, 1.25), (0.45, 0.90), (1.5, 5.0), (0.70, 1.0), 4),
    "replay": Camera((-0.08, 0.12), (-0.03, 0.05), (-0.40, 0.20), (0.85, 1.10), (0.45, 0.80), (2.0, 5.0), (0.85, 1.0), 24),
    "oulu": Camera((-0.10, 0.08), (-0.05, 0.02), (-0.10, 0.30), (0.90, 1.20), (0.30, 0.70), (1.0, 3.5), (0.90, 1.0), 3),
}
ANY = Camera((-0.22, 0.22), (-0.08, 0.08), (-0.55, 0.45), (0.75, 1.35), (0.20, 1.10), (0.5, 7.0), (0.60, 1.0), 0)


def draw(camera: Camera, rng: np.random.Generator) -> Settings:
    """Return one presentation's settings of a camera."""
    warmth, tint = rng.uniform(*camera.warmth), rng.uniform(*camera.tint)
    gains = np.exp([warmth, tint, -warmth]) * 2 ** rng.uniform(*camera.exposure)
    ramp = np.linspace(0, 1, 256)[:, None] ** rng.uniform(*camera.gamma)
    # Highlights roll off instead of clipping hard.
    table = np.tanh(ramp * gains * 1.1) / np.tanh(1.1)
    return Settings(
        table=(np.clip(table, 0, 1) * 255).round().astype(np.uint8)[:, None, :],
        blur=rng.uniform(*camera.blur),
        noise=rng.uniform(*camera.noise),
        scale=rng.uniform(*camera.scale),
        quality=camera.quality,
    )


def noise_bank(settings: Settings, height: int, width: int, count: int, rng: np.random.Generator) -> list[Array]:
    """Return `count` fields of sensor noise, int16 of (height, width, 3), mostly the same in the three colours."""
    bank = []
    for _ in range(count):
        grey = rng.standard_normal((height, width, 1), dtype=np.float32)
        colour = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), dtype=np.float32)
        colour = cv2.resize(colour, (width, height), interpolation=cv2.INTER_LINEAR)
        bank.append((settings.noise * (0.85 * grey + 0.5 * colour)).round().astype(np.int16))
    return bank


def film(picture: Array, settings: Settings, noise: Array) -> Array:
    """Return what the camera makes of `picture` (uint8 RGB): the same size and type."""
    height, width = picture.shape[:2]
    if settings.scale < 0.97:
        small = (round(width * settings.scale), round(height * settings.scale))
        picture = cv2.resize(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), (width, height))
    picture = cv2.GaussianBlur(picture, (0, 0), settings.blur)
    picture = cv2.LUT(picture, settings.table)
    return cv2.add(picture, noise, dtype=cv2.CV_8U)
