"""A vision-language model, with or without a classification head: its parts, what of it is trained, its checkpoint on disk."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Collection
from pathlib import Path

import torch
from jaxtyping import Float, Int
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro import files
from fasrepro.models import backbones
from fasrepro.models.backbones import BackboneError
from fasrepro.models.inputs import end_tokens
from fasrepro.models.sites import StateReader

HEAD_FILE = "head.safetensors"
WEIGHTS_FILE = "weights.safetensors"  # weights of the backbone that training changed
ADAPTER_FILE, ADAPTER_CONFIG = "adapter_model.safetensors", "adapter_config.json"
MADE_OF = "checkpoint.json"


@dataclasses.dataclass(frozen=True, slots=True)
class Output:
    """Head logits (positive: attack), and the next token's logits at the last prompt token and at each token behind it.

    A model without a head has no head logits.
    """

    head_logits: Float[Tensor, " batch"] | None
    logits: Float[Tensor, "batch tokens vocabulary"]


class ClassificationHead(nn.Module):
    """One logit an image; positive means attack. It begins with a layer norm, because its sites differ in scale."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.linear = nn.Linear(features, 1)

    def forward(self, pooled: Float[Tensor, "batch features"]) -> Float[Tensor, " batch"]:
        """Return a logit for each row of pooled states."""
        return self.linear(self.norm(pooled.to(self.linear.weight.dtype))).squeeze(-1)

    def reset(self, seed: int) -> None:
        """Initialise all weights from `seed`."""
        torch.manual_seed(seed)
        self.norm.reset_parameters()
        self.linear.reset_parameters()


class FasVlm(nn.Module):
    """The model of both papers; the book's page on the method names what their texts leave open and we chose.

    `body` is the backbone, wrapped by PEFT where it has adapters. The head reads, at `site`, the mean of the vision encoder's
    states ("vision"), the mean of the projector's ("projector"), or the language model's state at the last prompt token
    ("prompt"). Paper 2's model has none: its site is "", and it answers in words.
    """

    accepts_loss_kwargs = False  # else the Trainer asks for a sum over accumulated batches

    def __init__(self, body: PeftModel | PreTrainedModel, head: ClassificationHead | None, site: str) -> None:
        super().__init__()
        self.body, self.head, self.site = body, head, site
        base = unwrapped(body)
        self._can_keep = "logits_to_keep" in inspect.signature(base.forward).parameters
        self._states = StateReader(base)

    def release(self) -> PreTrainedModel:
        """Return the backbone as a plain model, adapters merged into its weights; this model is of no use afterwards."""
        self._states.remove()
        return self.body.merge_and_unload() if isinstance(self.body, PeftModel) else self.body

    def forward(self, prompt_tokens: int, **inputs: Tensor) -> Output:
        """Run the model; `prompt_tokens` is the padded length of the prompts, which captions may follow."""
        self._states.clear()
        # No loss reads what is said at an image's many tokens. Their logits would be the largest tensor of all.
        kept = inputs["input_ids"].shape[1] - prompt_tokens + 1
        out = self.body(use_cache=False, **inputs, **({"logits_to_keep": kept} if self._can_keep else {}))
        head_logits = None if self.head is None else self.head(self._pooled(inputs["input_ids"][:, :prompt_tokens]))
        self._states.clear()
        return Output(head_logits, out.logits[:, -kept:])

    def _pooled(self, prompt_ids: Int[Tensor, "batch tokens"]) -> Float[Tensor, "batch features"]:
        """Return what the head reads of the last run."""
        return torch.stack([states.mean(dim=0) for states in self._states.by_picture(self.site, prompt_ids)])

    @torch.inference_mode()
    def p_attack(self, **inputs: Tensor) -> Float[Tensor, " batch"]:
        """Return the head's probability of an attack for each image, in [0, 1], by prefill alone.

        Raises:
            BackboneError: for a model without a head.
        """
        if self.head is None:
            raise BackboneError("this model has no classification head: set score_by of its run to 'answer'")
        return torch.sigmoid(self(prompt_tokens=inputs["input_ids"].shape[1], **inputs).head_logits.float())


def unwrapped(body: PeftModel | PreTrainedModel) -> PreTrainedModel:
    """Return the backbone inside a body."""
    return body.get_base_model() if isinstance(body, PeftModel) else body


def new_head(base: PreTrainedModel, site: str) -> ClassificationHead:
    """Return a head for the states at `site`, on the backbone's device."""
    text, vision = base.config.get_text_config(), base.config.vision_config
    return ClassificationHead(vision.hidden_size if site == "vision" else text.hidden_size).to(base.device)


def with_trainable(
    base: PreTrainedModel,
    train: Collection[str],
    *,
    head: ClassificationHead | None,
    site: str,
    rank: int,
    alpha: int,
    seed: int,
) -> FasVlm:
    """Return the model of one phase: adapters as it asks for, and gradients for what it trains and for nothing else.

    Args:
        base: the plain backbone.
        train: parts, of `training.recipe.PARTS`.
        head: as an earlier phase left it, or new; None for a model without one.
        site: whose states the head reads; "" without one.
        rank: of the adapters.
        alpha: scale of the adapters.
        seed: of the adapters' weights.
    """
    parts = backbones.backbone(base)
    paths = {"vision": parts.vision, "projector": parts.projector, "language": parts.language}
    adapted = [paths[name.removeprefix("lora_")] for name in ("lora_language", "lora_vision") if name in train]
    whole = [paths[name] for name in ("vision", "projector", "language") if name in train]
    base.requires_grad_(False)
    if head is not None:
        head.requires_grad_("head" in train)
    body: PeftModel | PreTrainedModel = base
    if adapted:
        layers = [name for name in backbones.linear_layers(base, tuple(adapted)) if not name.startswith(parts.projector + ".")]
        # The output projection of SigLIP's pooling head is read as a bare weight, which LoRA cannot see.
        layers = [name for name in layers if ".head." not in name]
        # PEFT trains a copy of the projector and the embeddings, and saves it with the adapters.
        copies = [parts.projector] * ("projector" in train) + ["embed_tokens", "lm_head"] * ("embeddings" in train)
        whole = [path for path in whole if path != parts.projector]
        torch.manual_seed(seed)
        config = LoraConfig(
            r=rank, lora_alpha=alpha, target_modules=layers, modules_to_save=copies or None, task_type="CAUSAL_LM"
        )
        body = get_peft_model(base, config)
    elif "embeddings" in train:
        base.get_input_embeddings().requires_grad_(True)
        base.get_output_embeddings().requires_grad_(True)
    for path in whole:
        base.get_submodule(path).requires_grad_(True)
    return FasVlm(body, head, site)


def trainable(model: nn.Module) -> list[str]:
    """Return the names of the parameters that training changes."""
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def changed_weights(model: FasVlm) -> set[str]:
    """Return the backbone's own weights that training changes, by their names in the plain backbone.

    Adapters and PEFT's copies of whole modules are not among them.
    """
    prefix = "base_model.model." if isinstance(model.body, PeftModel) else ""
    names = [_plain_name(name.removeprefix(prefix)) for name in trainable(model.body)]
    return {name for name in names if "lora_" not in name and ".modules_to_save." not in name}


def merged_weights(model: FasVlm) -> set[str]:
    """Return the backbone's weights that `FasVlm.release` changes by merging adapters, by their names in the plain backbone."""
    if not isinstance(model.body, PeftModel):
        return set()
    names = [name.removeprefix("base_model.model.") for name in trainable(model.body)]
    lora = {name.split(".lora_")[0] + ".weight" for name in names if ".lora_" in name}
    copies = {name.replace(".modules_to_save.default", "") for name in names if ".modules_to_save." in name}
    return lora | copies


@dataclasses.dataclass(frozen=True)
class MadeOf:
    """What a checkpoint was made of, and what its images must look like. Loading refuses what does not fit.

    Args:
        backbone: the checkpoint that it was trained from.
        backbone_sha256: of that checkpoint's weights; of one from a hub, its commit.
        head_site: whose states the head reads; "" for a model without a head.
        prompt: the student prompt.
        crop: the convention by which faces were cut out: a key of `data.cropping.CROPS`.
        image_backend: class of the image processor; another one gives other pixels.
        score_by: what gives `p_attack`.
        answer_prompt: the label question; "" for a model that was not asked it.
        answer_yes: what Yes means as its answer; "" likewise.
    """

    backbone: str
    backbone_sha256: str
    head_site: str
    prompt: str
    crop: str
    image_backend: str
    score_by: str = "head"
    answer_prompt: str = ""
    answer_yes: str = ""


def image_backend(processor: ProcessorMixin) -> str:
    """Return the class name of a processor's image processor."""
    return type(processor.image_processor).__name__


def _plain_name(name: str) -> str:
    """Return the name in the plain backbone of a weight that PEFT may have wrapped: with an adapter, or as a frozen original."""
    return name.replace(".base_layer.", ".").replace(".original_module.", ".")


def save(model: FasVlm, folder: Path, made_of: MadeOf, weights: Collection[str] = ()) -> None:
    """Write all that training changed as safetensors: adapters, head, and the backbone's `weights` by name; and `made_of`.

    A model without a head writes none, and `made_of` says so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(model.body, PeftModel):
        model.body.save_pretrained(str(folder), save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)  # PEFT's empty model card
        adapter = files.read_json(folder / ADAPTER_CONFIG)
        # PEFT writes its sets in the order of their hashes, which differs between processes.
        lists = {name: sorted(value) for name, value in adapter.items() if isinstance(value, list)}
        files.write_json(folder / ADAPTER_CONFIG, adapter | lists)
    # Without adapters this file is always there, even if it is empty, so that `load` notices its loss.
    if weights or not isinstance(model.body, PeftModel):
        plain = {_plain_name(name): value for name, value in unwrapped(model.body).state_dict().items()}
        save_file({name: plain[name].contiguous() for name in sorted(weights)}, folder / WEIGHTS_FILE)
    if model.head is not None:
        save_file({name: value.contiguous() for name, value in model.head.state_dict().items()}, folder / HEAD_FILE)
    contents = dataclasses.asdict(made_of)
    if not made_of.answer_prompt:
        del contents["answer_prompt"], contents["answer_yes"]
    files.write_json(folder / MADE_OF, contents)


def read_made_of(folder: Path) -> MadeOf:
    """Return what a checkpoint says of itself. Raises `BackboneError`."""
    if not (folder / MADE_OF).is_file():
        raise BackboneError(f"{folder}: no {MADE_OF}; train the job again with `dvc repro`")
    try:
        return MadeOf(**files.read_json(folder / MADE_OF))
    except TypeError as error:
        raise BackboneError(f"{folder / MADE_OF}: {error}; train the job again with `dvc repro`") from None


def load(base: PreTrainedModel, folder: Path, made_of: MadeOf) -> FasVlm:
    """Load what `save` wrote on top of the backbone that it was trained from.

    Args:
        base: the plain backbone.
        folder: of the checkpoint.
        made_of: what the checkpoint is expected to be made of.

    Raises:
        BackboneError: where a part is missing, or the checkpoint was made of something else.
    """
    own = read_made_of(folder)
    for field in dataclasses.fields(MadeOf):
        ours, theirs = getattr(made_of, field.name), getattr(own, field.name)
        if ours != theirs:
            raise BackboneError(f"{folder}: its {field.name} is {theirs!r}, not {ours!r}; train the job again with `dvc repro`")
    adapter = [(folder / name).is_file() for name in (ADAPTER_FILE, ADAPTER_CONFIG)]
    missing = [name for name, there in zip((ADAPTER_FILE, ADAPTER_CONFIG), adapter, strict=True) if any(adapter) and not there]
    if own.head_site and not (folder / HEAD_FILE).is_file():
        missing.append(HEAD_FILE)
    if not any(adapter) and not (folder / WEIGHTS_FILE).is_file():
        missing.append(ADAPTER_FILE)
    if missing:
        raise BackboneError(f"{folder}: no {missing[0]}; train the job again with `dvc repro`")
    if (folder / WEIGHTS_FILE).is_file():
        base.load_state_dict(load_file(folder / WEIGHTS_FILE), strict=False)
    body = PeftModel.from_pretrained(base, str(folder)) if any(adapter) else base
    head = None
    if own.head_site:
        head = new_head(base, own.head_site)
        head.load_state_dict(load_file(folder / HEAD_FILE))
        head.to(base.device)
    return FasVlm(body, head, own.head_site).eval()


def check_backbone(made_of: MadeOf, backbone: str) -> None:
    """Raise `BackboneError`, naming both, where `backbone` has other weights than a checkpoint was trained from."""
    actual = backbones.weights_hash(backbone)
    if actual != made_of.backbone_sha256:
        raise BackboneError(
            f"{backbone}: its weights are {actual[:12]}, but this adapter was trained on {made_of.backbone} with weights"
            f" {made_of.backbone_sha256[:12]}; restore those, or train the job again"
        )


def merge(backbone: str, trained: Path, folder: Path) -> None:
    """Write a checkpoint of the backbone's own kind, with all that training changed in its place, to `folder`.

    Any server of such checkpoints loads it. The head reads states and not text, so it stays behind. Raises `BackboneError` where
    a part is missing, or the backbone is another than the one that was trained.
    """
    made_of = read_made_of(trained)
    check_backbone(made_of, backbone)
    base, processor = backbones.load(backbone)
    merged = load(base, trained, made_of).release()
    merged.generation_config.do_sample = True  # so that the temperature of a request counts; servers do not sample at zero
    ends = end_tokens(merged, processor)
    merged.generation_config.eos_token_id = ends if len(ends) > 1 else ends[0]
    merged.save_pretrained(folder)
    processor.save_pretrained(folder)
