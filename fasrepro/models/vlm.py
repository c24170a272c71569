"""A vision-language model with a classification head: LoRA on the language model and, if asked, the vision encoder."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from fasrepro import files
from fasrepro.models import backbones, heads

HEAD_FILE = "head.safetensors"
ADAPTER_CONFIG = "adapter_config.json"


@dataclasses.dataclass(frozen=True, slots=True)
class Output:
    """Head logits (positive: attack), and the next token's logits at the last prompt token and at each token behind it."""

    head_logits: Float[Tensor, " batch"]
    logits: Float[Tensor, "batch tokens vocabulary"]


class FasVlm(nn.Module):
    """The model of paper 1, as far as its text was found: see book/method.md for what is ours.

    `body` is the backbone wrapped by PEFT. The head reads, at `site`, the mean of the vision encoder's states, the mean of the
    projector's, or the language model's state at the last prompt token.
    """

    accepts_loss_kwargs = False  # the Trainer must not ask for a sum over the accumulated batches

    def __init__(self, body: PeftModel, head: heads.ClassificationHead, site: str) -> None:
        super().__init__()
        self.body, self.head, self.site = body, head, site
        base = body.get_base_model()
        parts = backbones.backbone(base)
        self.image_token = base.config.image_token_id
        self._can_keep = "logits_to_keep" in inspect.signature(base.forward).parameters
        self._states: dict[str, Tensor] = {}
        for name, path in (("vision", parts.vision), ("projector", parts.projector), ("prompt", parts.language)):
            base.get_submodule(path).register_forward_hook(self._keep(name))

    def _keep(self, site: str) -> Any:
        """A hook, because what `get_image_features` returns differs between architectures and modules do not."""

        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            state = output if isinstance(output, Tensor) else output[0]
            self._states[site] = state

        return hook

    def forward(self, prompt_tokens: int, **inputs: Tensor) -> Output:
        """Run the model; `prompt_tokens` is the padded length of the prompts, which captions may follow."""
        self._states.clear()
        # No loss reads what is said at an image's many tokens, so their logits, the largest tensor there is, are not made.
        kept = inputs["input_ids"].shape[1] - prompt_tokens + 1
        out = self.body(use_cache=False, **inputs, **({"logits_to_keep": kept} if self._can_keep else {}))
        if self.site == "prompt":
            pooled = self._states["prompt"][:, prompt_tokens - 1]
        else:
            image_tokens = (inputs["input_ids"][:, :prompt_tokens] == self.image_token).sum(dim=1)
            pooled = heads.pool_by_image(self._states[self.site], image_tokens)
        self._states.clear()
        return Output(self.head(pooled), out.logits[:, -kept:])

    @torch.inference_mode()
    def p_attack(self, **inputs: Tensor) -> Float[Tensor, " batch"]:
        """Return how much each image is taken for an attack, in [0, 1], by prefill alone."""
        return torch.sigmoid(self(prompt_tokens=inputs["input_ids"].shape[1], **inputs).head_logits.float())


def _features(base: PreTrainedModel, site: str) -> int:
    """Return the width of the states at a head's site."""
    if site not in heads.SITES:
        raise ValueError(f"head_site {site!r} is none of {', '.join(heads.SITES)}")
    text, vision = base.config.get_text_config(), base.config.vision_config
    return vision.hidden_size if site == "vision" else text.hidden_size


def create(
    base: PreTrainedModel, *, site: str, rank: int, alpha: int, lora_vision: bool, train_embeddings: bool, seed: int
) -> FasVlm:
    """Freeze `base` and give it LoRA layers, a trainable copy of its projector and a new head, all initialised from `seed`.

    `train_embeddings` also trains the token embeddings and the language-model head, for a backbone that has never seen the
    words of spoofing.
    """
    parts = backbones.backbone(base)
    head = heads.ClassificationHead(_features(base, site)).to(base.device)
    saved = [parts.projector, *(["embed_tokens", "lm_head"] if train_embeddings else [])]
    adapted = (parts.language, *((parts.vision,) if lora_vision else ()))
    layers = [name for name in backbones.linear_layers(base, adapted) if not name.startswith(parts.projector + ".")]
    # The output projection of SigLIP's pooling head is read as a bare weight, which LoRA cannot see.
    layers = [name for name in layers if ".head." not in name]
    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=layers, modules_to_save=saved, task_type="CAUSAL_LM")
    body = get_peft_model(base, config)
    torch.manual_seed(seed)
    head.norm.reset_parameters()
    head.linear.reset_parameters()
    return FasVlm(body, head, site)


def trainable(model: nn.Module) -> list[str]:
    """Return the names of the parameters that training changes."""
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def save(model: FasVlm, folder: Path) -> None:
    """Write adapters, projector (and embeddings) and head as safetensors: all that training changed."""
    model.body.save_pretrained(str(folder), save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)  # PEFT's empty model card
    adapter = files.read_json(folder / ADAPTER_CONFIG)
    # PEFT writes its sets in the order of their hashes, another one in each process.
    lists = {name: sorted(value) for name, value in adapter.items() if isinstance(value, list)}
    files.write_json(folder / ADAPTER_CONFIG, adapter | lists)
    save_file({name: value.contiguous() for name, value in model.head.state_dict().items()}, folder / HEAD_FILE)


def load(base: PreTrainedModel, folder: Path, site: str) -> FasVlm:
    """Load what `save` wrote on top of the backbone it was trained from. Raises `BackboneError` if a part is missing."""
    for name in ("adapter_model.safetensors", ADAPTER_CONFIG, HEAD_FILE):
        if not (folder / name).is_file():
            raise backbones.BackboneError(f"{folder}: no {name}; train the job again with `dvc repro`")
    body = PeftModel.from_pretrained(base, str(folder))
    head = heads.ClassificationHead(_features(base, site))
    head.load_state_dict(load_file(folder / HEAD_FILE))
    model = FasVlm(body, head.to(base.device), site)
    return model.eval()
