"""Which packages the processor of each family of checkpoints needs beyond requirements.lock. Imports no torch, for `doctor`."""

from __future__ import annotations

import importlib.util

REMEDY = "pip install -r requirements-vlm.lock, from the index that torch is from"
# By config.model_type. Where torchvision stands, it is the family's processor of videos that needs it, with which it loads.
NEEDS: dict[str, tuple[str, ...]] = {
    "idefics3": (),
    "smolvlm": ("num2words", "torchvision"),
    "qwen2_5_vl": ("torchvision",),
    "qwen3_vl": ("torchvision",),
    "internvl": ("torchvision",),
    "llava": (),
    "llava_onevision": ("torchvision",),
    "gemma3": (),
    "minicpmv4_6": ("torchvision",),
}


def lacking(family: str) -> list[str]:
    """Return the packages that a family needs and this environment lacks; none for a family that is not in `NEEDS`."""
    return [package for package in NEEDS.get(family, ()) if importlib.util.find_spec(package) is None]
