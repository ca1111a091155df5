"""The device a training runs on."""

import torch

from tangyin.errors import UsageError

DEVICES = ("auto", "cpu", "cuda")


def chosen_device(name: str, number: int = 0, processes: int = 1) -> torch.device:
    """The device that a name means on this machine; "auto" is CUDA where available.

    Args:
        name: one of `DEVICES`.
        number: of this process on its machine, and of the CUDA device it takes.
        processes: how many there are on this machine.

    Raises:
        UsageError: the name is unknown, or there are too few CUDA devices.
    """
    if name not in DEVICES:
        raise UsageError("training.unknown_device", name=name, devices=DEVICES)
    found = torch.cuda.device_count() if name != "cpu" and torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not found):
        return torch.device("cpu")
    if not found:
        raise UsageError("training.no_cuda")
    if found < processes:
        raise UsageError("training.too_few_devices", devices=found, processes=processes)
    return torch.device("cuda", number)
