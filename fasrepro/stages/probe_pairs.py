"""Stage `probe_pairs`: draw faces without and with one cue, for the probes of the backbone -> results/probe_pairs.npz."""

from __future__ import annotations

import argparse

from fasrepro import config, paths, stages
from fasrepro.simulation import probe_pairs

SIDE = 96  # pixels of a crop, about as large as the crops of the archives


def main(argv: list[str] | None = None) -> None:
    """Write the pairs of every cue, for licensed archives too: they ask what the backbone can see."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("synthetic", "probes")
    pairs = probe_pairs.draw(params.synthetic, params.probes.fitted, params.probes.tested, SIDE)
    probe_pairs.write(paths.PROBE_PAIRS, pairs)
    print(f"probe_pairs: {len(pairs)}, of which {sum(not pair.is_visible for pair in pairs)} do not differ in a crop")


if __name__ == "__main__":
    stages.run(main)
