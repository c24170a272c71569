"""All that exists because the world is drawn here: people, attacks, cameras, the truth of every frame, and an annotator to match.

The rest of the project calls this, and nothing else (tests/simulation/test_independence.py holds the list):

- stage `archives`: `archive_writer.write_archive`
- stage `world`: `archive_writer.plan`, `cue_pairs.examples`, `cue_pairs.write`, `worlds.tables`
- stage `foundation`: `foundation_faces.captioned_faces`, `media_stills.captioned_stills`, `media_stills.CAPTIONS`
- stage `probe_pairs`: `probe_pairs.draw`, `probe_pairs.write`, `new_pictures.write`
- stage `counterfactual`: `rerender.choose`, `rerender.write`, `rerender.part_of`, `rerender.PARTS`
- command `counterfactual`: `rerender.drawn_archives`, `rerender.survey`, `cue_pairs.pair`
- command `plan`: `typical_chains.write`
- stages `annotate` and `readers`, command `annotate`: `annotator.SIMULATED`, `annotator.MODELS`, `annotator.Annotator`,
  `annotator.annotator_of`, `annotator.endpoint_of`, `annotator.serving`
- stage `annotate`: `editor.decision`, `editor.EDITOR`

The road of one video: `recordings` makes its random choices from the tables of `worlds` (people, `cameras`, `spurious_ties`,
`attacks`); `drawing` draws the person and the background; `effects` adds cues and look-alikes; `render` and `motion` make frames,
which a camera films; `truth` compares them with frames drawn without each cue; `archive_writer` writes the official tree.
"""
