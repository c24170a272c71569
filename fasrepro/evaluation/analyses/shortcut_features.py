"""The audit's views of a face: a few numbers of its picture, its box and its file, and a classical descriptor.

None of them is meant to be good at faces. A number as blunt as a mean colour shows whether the label can be read from something
that no model should need. The descriptor is the state of the art before networks (colour texture: Boulkenafet et al., IEEE TIFS
2016), and needs no torch.

Pictures are resized to `SIDE` x `SIDE` pixels first, about the size at which a model sees them. So only `crop_size` depends on
how many pixels a crop has; the other views see no more of it than resizing leaves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

import cv2
import numpy as np
from PIL import Image

from fasrepro.vocabulary import CUES

Array = np.ndarray
SIDE = 96  # pixels
RIM = 8  # pixels: the width of the crop's border
LOWEST = 2  # cycles a crop: lower frequencies are the face's own light and shade
BLOCKS = 3  # by 3: the blocks of the crop whose textures are counted separately
THUMBNAIL = 12  # pixels
_LUMA = np.array([0.299, 0.587, 0.114])
_TINY = 1e-8


def picture(crop: Image.Image) -> Array:
    """Return an RGB crop of any size as uint8 of (SIDE, SIDE, 3)."""
    return np.asarray(crop.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def luminance(rgb: Array) -> Array:
    """Return the luminance of a uint8 RGB picture, in [0, 1], of (height, width)."""
    return rgb @ _LUMA / 255.0


def mean_colour(rgb: Array) -> Array:
    """Return the mean of each channel, in [0, 1]; shape (3,)."""
    return rgb.reshape(-1, 3).mean(axis=0) / 255.0


def contrast(rgb: Array) -> Array:
    """Return the standard deviation of the luminance, and its 5th, 25th, 50th, 75th and 95th percentile; shape (6,)."""
    light = luminance(rgb)
    return np.array([light.std(), *np.percentile(light, [5, 25, 50, 75, 95])])


def power(rgb: Array) -> Array:
    """Return the power spectrum of the luminance under a Hann window, frequency 0 in the middle; shape (height, width)."""
    light = luminance(rgb)
    window = np.outer(np.hanning(light.shape[0]), np.hanning(light.shape[1]))
    return np.abs(np.fft.fftshift(np.fft.fft2((light - light.mean()) * window))) ** 2


def radial(spectrum: Array) -> Array:
    """Return the log of a square power spectrum's mean at each whole frequency from 0 to half its side; shape (side // 2,)."""
    half = spectrum.shape[0] // 2
    rows, columns = np.indices(spectrum.shape) - half
    frequency = np.rint(np.hypot(rows, columns)).astype(int).ravel()
    total = np.bincount(frequency, weights=spectrum.ravel())[:half]
    return np.log(total / np.bincount(frequency)[:half] + _TINY)


def spectrum_slope(rgb: Array) -> Array:
    """Return slope and intercept of the line through the log power over the log frequency; shape (2,)."""
    levels = radial(power(rgb))[LOWEST:]
    return np.polyfit(np.log(np.arange(LOWEST, LOWEST + len(levels))), levels, 1)


def border(rgb: Array) -> Array:
    """Return mean and standard deviation of the luminance in the crop's rim, and both minus those of its middle; shape (4,)."""
    light = luminance(rgb)
    middle = light[RIM:-RIM, RIM:-RIM]
    inside = np.zeros(light.shape, bool)
    inside[RIM:-RIM, RIM:-RIM] = True
    rim = light[~inside]
    return np.array([rim.mean(), rim.std(), rim.mean() - middle.mean(), rim.std() - middle.std()])


def file_size(bytes_per_frame: float) -> Array:
    """Return the log of the video's bytes a frame; shape (1,)."""
    return np.array([math.log(bytes_per_frame)])


def crop_size(box: Sequence[int]) -> Array:
    """Return the width, the height and their ratio of a face box (x, y, width, height) in pixels; shape (3,)."""
    return np.array([box[2], box[3], box[2] / box[3]], float)


def _uniform_codes() -> Array:
    """Map the 256 codes of eight neighbours to 59: the 58 with at most two changes along the ring, and one for all others."""
    codes = np.full(256, 58)
    changes = [bin(code ^ (code >> 1 | (code & 1) << 7)).count("1") for code in range(256)]
    uniform = [code for code in range(256) if changes[code] <= 2]
    codes[uniform] = np.arange(len(uniform))
    return codes


UNIFORM = _uniform_codes()


def local_binary_pattern(channel: Array) -> Array:
    """Return which neighbours of each inner pixel of a uint8 channel are no darker than it, as one of 59 codes.

    Shape (height - 2, width - 2). Ojala et al., IEEE TPAMI 2002: radius 1, eight neighbours in the order of the ring.
    """
    ring = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    height, width = channel.shape[0] - 2, channel.shape[1] - 2
    middle = channel[1:-1, 1:-1]
    code = np.zeros((height, width), np.int64)
    for bit, (row, column) in enumerate(ring):
        code |= (channel[row : row + height, column : column + width] >= middle).astype(np.int64) << bit
    return UNIFORM[code]


def colour_texture(rgb: Array) -> Array:
    """Return square roots of the histograms (shares) of local binary patterns of YCbCr and HSV, of the whole and of blocks.

    Shape (6 channels x (1 + BLOCKS^2) x 59,). With the square root, the distance of two histograms is Hellinger's.
    """
    channels = np.concatenate([cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb), cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)], axis=2)
    histograms = []
    for number in range(channels.shape[2]):
        codes = local_binary_pattern(channels[:, :, number])
        parts = [part for row in np.array_split(codes, BLOCKS) for part in np.array_split(row, BLOCKS, axis=1)]
        histograms += [np.bincount(part.ravel(), minlength=59) / part.size for part in (codes, *parts)]
    return np.sqrt(np.concatenate(histograms))


def vision(rgb: Array) -> Array:
    """Return the classical descriptor: colour texture, the spectrum by frequency and coarsely by direction, and a thumbnail."""
    spectrum = power(rgb)
    half = spectrum.shape[0] // 2
    coarse = np.log(spectrum[: half * 2, half:].reshape(half // 4, 8, half // 8, 8).mean(axis=(1, 3)) + _TINY)  # 8 x 8 means
    thumbnail = cv2.resize(rgb, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA) / 255.0
    return np.concatenate([colour_texture(rgb), radial(spectrum), coarse.ravel(), thumbnail.ravel()])


def cue_vector(visible: Mapping[str, float], look_alikes: Collection[str]) -> Array:
    """Return the known cues of a synthetic crop as numbers.

    Shape (2 + 3 x cues,): the number of visible cues and the sum of their strengths, to which cues unknown to the sources count
    too; then, for each cue of the vocabulary, whether it is visible, its strength, and whether something harmless resembles it.

    `visible`: strengths of the visible cues, by name.
    """
    present = [float(name in visible) for name in CUES]
    strengths = [visible.get(name, 0.0) for name in CUES]
    resembled = [float(name in look_alikes) for name in CUES]
    return np.array([len(visible), sum(visible.values()), *present, *strengths, *resembled])


# Views of the picture, uint8 RGB of (SIDE, SIDE, 3). A new simple probe is added here, in shortcuts.SIMPLE (what to inspect), and
# on the page of the audit (what it sees).
PICTURE: dict[str, Callable[[Array], Array]] = {
    "mean_colour": mean_colour,
    "contrast": contrast,
    "spectrum_slope": spectrum_slope,
    "border": border,
}


def measure(crop: Image.Image, box: Sequence[int], bytes_per_frame: float) -> dict[str, Array]:
    """Return every view of one face but the cues, by probe."""
    rgb = picture(crop)
    views = {name: view(rgb) for name, view in PICTURE.items()}
    return views | {"file_size": file_size(bytes_per_frame), "crop_size": crop_size(box), "vision": vision(rgb)}
