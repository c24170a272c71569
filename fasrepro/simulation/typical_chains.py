"""Chains in six tags about people whom nobody draws, in the mix of paper 2's gold captions: to measure how long they are."""

from __future__ import annotations

import json

from fasrepro import vocabulary
from fasrepro.captions.styles import STYLES
from fasrepro.datasets import FACECOT_TYPES
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import BONA_FIDE_SPECIES
from fasrepro.simulation.annotator import chains, templates
from fasrepro.simulation.annotator.templates import Dice, Reading
from fasrepro.simulation.drawing import people

NAMED = 0.5  # how often a cue of the species is named


def write(count: int) -> list[tuple[str, str]]:
    """Return (species, chain): a quarter bona fide, the others of FaceCoT's types in turn."""
    types, rows = list(FACECOT_TYPES), []
    for number in range(count):
        species = BONA_FIDE_SPECIES if number % 4 == 0 else types[number % len(types)]
        dice = Dice(("typical", number))
        words = people.attributes(people.draw_person(number), people.draw_sitting(number))
        cues = tuple(cue for cue in vocabulary.cues_of(species) if dice.chance(f"name {cue}", NAMED))
        is_live = species == BONA_FIDE_SPECIES
        reading = Reading(
            cues=cues,
            look_alikes=(),
            attributes=templates.attributes_of(json.dumps(words)),
            verdict=Verdict.BONA_FIDE if is_live else Verdict.ATTACK,
            species="" if is_live else vocabulary.SPECIES[species],
        )
        rows.append((species, STYLES["cot"].form.write(chains.chain(reading, dice), reading.verdict)))
    return rows
