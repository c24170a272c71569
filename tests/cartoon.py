"""A face drawn with a few ellipses, plain enough for OpenCV's cascades to find it and its eyes."""

from __future__ import annotations

import cv2
import numpy as np

SKIN, DARK = (205, 160, 135), (50, 35, 30)


def cartoon(height: int, width: int, x: float, y: float, radius: float, degrees: float = 0.0) -> np.ndarray:
    """Return uint8 RGB of (height, width, 3): a face of half-width `radius` around (x, y), turned clockwise by `degrees`."""
    scale = 8  # drawn large, then shrunk, for soft edges
    picture = np.full((height * scale, width * scale, 3), (120, 125, 120), np.uint8)
    turn = np.deg2rad(degrees)

    def ellipse(across: float, down: float, half_width: float, half_height: float, colour: tuple[int, int, int]) -> None:
        """Draw an ellipse `across` and `down` radii from the face's middle."""
        cx = x + radius * (across * np.cos(turn) - down * np.sin(turn))
        cy = y + radius * (across * np.sin(turn) + down * np.cos(turn))
        axes = (round(half_width * radius * scale), round(half_height * radius * scale))
        cv2.ellipse(picture, (round(cx * scale), round(cy * scale)), axes, degrees, 0, 360, colour, -1, cv2.LINE_AA)

    ellipse(0, -0.12, 1.0, 1.36, DARK)  # hair
    ellipse(0, 0.08, 0.9, 1.2, SKIN)
    for side in (-1, 1):
        ellipse(0.4 * side, -0.42, 0.24, 0.05, DARK)  # brow
        ellipse(0.4 * side, -0.22, 0.27, 0.17, (170, 120, 100))  # socket
        ellipse(0.4 * side, -0.2, 0.2, 0.09, (240, 240, 240))
        ellipse(0.4 * side, -0.2, 0.09, 0.09, (25, 15, 15))
        ellipse(0.11 * side, 0.28, 0.07, 0.05, (130, 85, 70))  # nostril
    ellipse(0, 0.1, 0.1, 0.24, (225, 180, 155))  # nose
    ellipse(0, 0.6, 0.36, 0.09, (150, 60, 60))  # mouth
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), 0.6)


def eyes(x: float, y: float, radius: float, degrees: float = 0.0) -> tuple[float, float, float, float]:
    """Return the pupils of such a face: first the one at the left of the picture."""
    turn = np.deg2rad(degrees)
    places = [
        (
            x + radius * (0.4 * side * np.cos(turn) + 0.2 * np.sin(turn)),
            y + radius * (0.4 * side * np.sin(turn) - 0.2 * np.cos(turn)),
        )
        for side in (-1, 1)
    ]
    return (*places[0], *places[1])
