"""The processes that share a training, one a device, as `accelerate launch` starts them; without it there is one.

Every process holds the whole model. It takes its share of each step's rows, and the gradients of all are added up before the
step.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import torch
import torch.distributed as dist
from accelerate import PartialState
from torch import Tensor, nn

from fasrepro.models import backbones

BUCKET = 2**25  # numbers that are added up at once: 128 MB
MOST_WORKERS = 8


def join() -> None:
    """Join the processes that the environment names; "cuda" is then this process's own device.

    Raises:
        ValueError: where the launcher asks for a form of training in which a process holds a part of the model.
    """
    for variable, form in (("ACCELERATE_USE_FSDP", "FSDP"), ("ACCELERATE_USE_DEEPSPEED", "DeepSpeed")):
        if os.environ.get(variable, "false").lower() == "true":
            raise ValueError(
                f"{form} is not supported: each process holds the whole model. Launch with `accelerate launch --multi_gpu`, and"
                " lower training.memory.rows of params.yaml where memory is short"
            )
    PartialState(cpu=backbones.device() == "cpu")


def count() -> int:
    """Return the number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def number() -> int:
    """Return this process's number, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def is_first() -> bool:
    """Return whether this is the process that writes."""
    return number() == 0


def wait() -> None:
    """Wait until all processes have come this far."""
    if count() > 1:
        dist.barrier()


def totals(counts: Mapping[str, float | int], device: torch.device) -> dict[str, float | int]:
    """Return the sum over all processes of each of `counts`, whose names are the same in all."""
    if count() == 1:
        return dict(counts)
    numbers = torch.tensor(list(counts.values()), dtype=torch.float64, device=device)
    dist.all_reduce(numbers)
    return dict(zip(counts, numbers.tolist(), strict=True))


def share_weights(model: nn.Module) -> None:
    """Give every process the first one's trained weights, so that all start from the same."""
    if count() > 1:
        for parameter in _trained(model):
            dist.broadcast(parameter.data, src=0)


def add_up_gradients(model: nn.Module) -> None:
    """Replace each gradient by its sum over all processes.

    A parameter that no process has a gradient of keeps none, as in one process: with a gradient of zero, AdamW would decay it.
    """
    if count() == 1:
        return
    parameters = _trained(model)
    used = torch.tensor([parameter.grad is not None for parameter in parameters], dtype=torch.int32, device=parameters[0].device)
    dist.all_reduce(used, dist.ReduceOp.MAX)
    gradients = []
    for parameter, somewhere in zip(parameters, used.tolist(), strict=True):
        if somewhere:
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            gradients.append(parameter.grad)
    for bucket in _buckets(gradients):
        flat = torch.cat([gradient.flatten() for gradient in bucket])
        dist.all_reduce(flat)
        for gradient, part in zip(bucket, flat.split([gradient.numel() for gradient in bucket]), strict=True):
            gradient.copy_(part.view_as(gradient))


def _trained(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _buckets(tensors: Iterable[Tensor]) -> list[list[Tensor]]:
    """Return tensors in order, in groups of at most `BUCKET` numbers; a larger one is alone."""
    buckets: list[list[Tensor]] = []
    room = 0
    for tensor in tensors:
        if tensor.numel() > room:
            buckets.append([])
            room = BUCKET
        buckets[-1].append(tensor)
        room -= tensor.numel()
    return buckets


def workers() -> int:
    """Return how many processes decode pictures ahead of the model: `$FASREPRO_WORKERS`, else as many as a GPU's share of cores.

    Without a GPU the model itself takes the cores, and there is none. No result depends on it. Raises `ValueError`.
    """
    asked = os.environ.get("FASREPRO_WORKERS", "")
    if asked:
        if not asked.isdecimal():
            raise ValueError(f"FASREPRO_WORKERS={asked}: give a whole number, 0 for none")
        return int(asked)
    if backbones.device() == "cpu":
        return 0
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return min(MOST_WORKERS, max(0, len(os.sched_getaffinity(0)) // here - 1))
