"""The foundation's tokenizer and processor: SmolVLM's special tokens and chat template over a small byte-level vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import Idefics3ImageProcessorPil, Idefics3Processor, PreTrainedTokenizerFast

WORDS = Path(__file__).with_name("words.txt")
SPECIAL = [
    "<pad>",
    "<bos>",
    "<end_of_utterance>",
    "<image>",
    "<fake_token_around_image>",
    "<global-img>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
]
# SmolVLM's template, for turns of one image and one text.
CHAT_TEMPLATE = (
    "<bos>{% for message in messages %}{{ message['role'] | capitalize }}:"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}"
    "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)


def words() -> list[str]:
    """Return the words of captions of both papers: cues, steps, species and tags.

    A fixed list, not `fasrepro.vocabulary`: every model rests on the tokenizer, and a cue or a species that is added later must
    not train them all anew. Its words are then spelt in more tokens.
    """
    return WORDS.read_text(encoding="utf-8").splitlines()


def train_tokenizer(corpus: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE tokenizer with `vocabulary` entries, the special tokens included."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<bos>", eos_token="<end_of_utterance>", padding_side="left"
    )


def build_processor(tokenizer: PreTrainedTokenizerFast, image_size: int, patch_size: int, scale_factor: int) -> Idefics3Processor:
    """Return the processor: images squared to `image_size` pixels, not split into tiles."""
    side = image_size // patch_size
    if image_size % patch_size or side % scale_factor:
        raise ValueError(f"foundation: image_size {image_size} must be a multiple of patch_size times scale_factor")
    images = Idefics3ImageProcessorPil(
        do_image_splitting=False, size={"longest_edge": image_size}, max_image_size={"longest_edge": image_size}
    )
    return Idefics3Processor(images, tokenizer, image_seq_len=(side // scale_factor) ** 2, chat_template=CHAT_TEMPLATE)
