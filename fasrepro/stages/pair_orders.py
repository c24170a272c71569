"""Stage `pair_orders@job`: which pairs of `probe_pairs` a two-stage job's encoder puts in order -> results/pair_orders."""

from __future__ import annotations

import numpy as np
import threadpoolctl
from PIL import Image
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro import config, names, paths, stages
from fasrepro.evaluation.analyses import pair_orders
from fasrepro.evaluation.analyses.pair_orders import PairOrders
from fasrepro.evaluation.analyses.probes import PairStates
from fasrepro.models import backbones
from fasrepro.models.states import pooled_states
from fasrepro.stages import jobs

SITE = "encoder"  # of models.states.SITES


def main(argv: list[str] | None = None) -> None:
    """Write results/pair_orders/<job>.npz, for licensed archives too: pairs are drawn whatever the archives are."""
    job = config.load_job(stages.name_argument(argv, __doc__, "a job of jobs.yaml's two_stage_jobs"))
    known = config.read_jobs().two_stage_jobs
    if job.name not in known:
        raise config.ConfigError(f"{paths.JOBS}: two_stage_jobs: {names.unknown(job.name, known, 'job')}")
    params = config.load("threads", "index")
    backbones.use_threads(params.threads)
    with np.load(paths.PROBE_PAIRS) as file:
        pairs = {name: file[name] for name in ("cue", "subject", "is_fitted", "without", "present")}
    cues, fitted = pairs["cue"], pairs["is_fitted"]
    pictures = {part: list(map(Image.fromarray, pairs[part])) for part in ("without", "present")}
    model, processor, recipe = jobs.load_model(job, params.index.crop)

    def ordered(encoder: PreTrainedModel, own: ProcessorMixin) -> np.ndarray:
        states = {part: pooled_states(encoder, own, images, recipe.prompt, jobs.BATCH)[SITE] for part, images in pictures.items()}
        return pair_orders.ordered(PairStates(cues, fitted, states["without"], states["present"]))

    with threadpoolctl.threadpool_limits(params.threads):
        trained = ordered(model.release().eval(), processor)
        base, base_processor = backbones.load(recipe.backbone, backbones.device())
        foundation = ordered(base.eval(), base_processor)
    tested = pair_orders.is_tested(cues, fitted)
    orders = PairOrders(cues[tested], pairs["subject"][tested], np.stack([foundation, trained]))
    pair_orders.write(paths.pair_orders(job.name), orders)
    shares = orders.ordered.mean(axis=1)
    print(f"pair_orders {job.name}: {tested.sum()} pairs, in order {shares[1]:.3f}, by the foundation {shares[0]:.3f}")


if __name__ == "__main__":
    stages.run(main)
