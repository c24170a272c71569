"""A caption model's checkpoint, results/captioners/<name>, which has the form of results/checkpoints/<job>."""

from __future__ import annotations

import dataclasses

from transformers import PreTrainedModel, ProcessorMixin

from fasrepro import paths
from fasrepro.models import backbones, vlm


def load(name: str, crop: str) -> tuple[PreTrainedModel, ProcessorMixin, str]:
    """Return a caption model in evaluation mode, its processor, and the prompt that it was trained on.

    Args:
        name: of the caption model.
        crop: the convention by which the faces were cut out.

    Raises:
        BackboneError: there is no such checkpoint, or its backbone, its crops or its image processor are others than those here.
    """
    folder = paths.captioner(name)
    made_of = vlm.read_made_of(folder)
    base, processor = backbones.load(made_of.backbone, backbones.device())
    here = {
        "backbone_sha256": backbones.weights_hash(made_of.backbone),
        "crop": crop,
        "image_backend": vlm.image_backend(processor),
    }
    model = vlm.load(base, folder, dataclasses.replace(made_of, **here)).release().eval()
    return model, processor, made_of.prompt
