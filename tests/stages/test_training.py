"""The seed of a training: one for the runs that are compared, another on every protocol."""

from __future__ import annotations

import itertools

from fasrepro.stages.training import training_seed


def test_protocols_and_seeds_have_their_own_draws() -> None:
    seeds = [training_seed(*place) for place in itertools.product(("oci_m", "omi_c", "icm_o"), range(5))]
    assert len(set(seeds)) == 15
    assert all(0 <= seed < 2**28 for seed in seeds)
    assert seeds[0] == training_seed("oci_m", 0)
