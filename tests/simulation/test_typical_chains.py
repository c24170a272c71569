from __future__ import annotations

from fasrepro.captions import checks
from fasrepro.captions.styles import OF_LABEL, STYLES
from fasrepro.datasets import FACECOT_TYPES
from fasrepro.rows.faces import Label
from fasrepro.simulation import typical_chains


def test_a_quarter_is_bona_fide_and_every_type_of_the_paper_is_there() -> None:
    rows = typical_chains.write(80)
    species = [name for name, _ in rows]
    assert species.count("bona_fide") == 20 and set(species) == {"bona_fide", *FACECOT_TYPES}
    for name, text in rows:
        assert checks.accept(STYLES["cot"], text, "stop", Label(name != "bona_fide"))[1] == OF_LABEL[Label(name != "bona_fide")]
    assert rows == typical_chains.write(80)
