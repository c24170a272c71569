"""torchvision's wheel of PyPI beside a CPU build of torch, for tests of processors that ask for it."""

from __future__ import annotations

import importlib.util
from typing import Any

# Operators that torchvision describes when it is imported, although its library of them could not be loaded.
DESCRIBED = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_LIBRARIES: list[Any] = []  # an operator lasts as long as its library object


def without_operators() -> None:
    """Let an installed torchvision be imported where it cannot load its operators. Call it before transformers is imported.

    The wheel of PyPI is built for CUDA. Beside a CPU torch its operators for boxes cannot be loaded, and its import ends at the
    first that it describes. Transforms of images, all that processors use, are plain torch. A real environment has both from one
    index.
    """
    if _LIBRARIES or importlib.util.find_spec("torchvision") is None:
        return
    import torch  # here, because it takes seconds and most environments have no torchvision

    if torch.version.cuda is None:
        _LIBRARIES.append(torch.library.Library("torchvision", "DEF"))
        for operator in DESCRIBED:
            _LIBRARIES[0].define(operator)
