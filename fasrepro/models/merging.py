"""A trained model as a checkpoint of its backbone's own kind, which any server of such checkpoints loads."""

from __future__ import annotations

from pathlib import Path

from fasrepro.models import backbones, vlm


def merge(backbone: str, trained: Path, site: str, folder: Path) -> None:
    """Write to `folder` the backbone with the adapters, projector and embeddings of `trained` (`vlm.save`) in their places.

    The head, at `site`, reads states and not text, so it stays behind. Raises `BackboneError` if a part is missing.
    """
    base, processor = backbones.load(backbone)
    merged = vlm.load(base, trained, site).body.merge_and_unload()
    merged.generation_config.do_sample = True  # so that the temperature of a request counts; servers do not sample at zero
    merged.save_pretrained(folder)
    processor.save_pretrained(folder)
