"""Stage `probe_pairs`: draw what the backbone is asked about.

Faces without and with one cue -> results/probe_pairs.npz; faces and stills with captions -> results/new_pictures.npz.
"""

from __future__ import annotations

import argparse

from fasrepro import config, paths, stages
from fasrepro.simulation import new_pictures, probe_pairs

SIDE = 96  # pixels of a crop, about as large as the crops of the archives


def main(argv: list[str] | None = None) -> None:
    """Write both files, for licensed archives too: they ask what the backbone can see and read."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("synthetic", "probes", "foundation")
    pairs = probe_pairs.draw(params.synthetic, params.probes.fitted, params.probes.tested, SIDE)
    probe_pairs.write(paths.PROBE_PAIRS, pairs)
    foundation = params.foundation
    seeds = foundation.new_pictures(params.probes.described)
    new_pictures.write(paths.NEW_PICTURES, seeds, foundation.image_size, foundation.captions, params.synthetic.people)
    print(f"probe_pairs: {len(pairs)}, of which {sum(not pair.is_visible for pair in pairs)} do not differ in a crop")


if __name__ == "__main__":
    stages.run(main)
