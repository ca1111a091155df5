"""On which device a training runs."""

import torch

from tangyin.errors import UsageError

DEVICES = ("auto", "cpu", "cuda")


def chosen_device(name: str, number: int = 0, processes: int = 1) -> torch.device:
    """Say what a name means on this machine; "auto" is a CUDA device where there is one.

    Args:
        name: one of `DEVICES`.
        number: of this process among those of its machine; each takes the CUDA device of its
            number.
        processes: how many there are on this machine.

    Raises:
        UsageError: the name is none of them, or there are too few CUDA devices.
    """
    if name not in DEVICES:
        raise UsageError(f"the device is {name!r}; it can be {', '.join(DEVICES)}")
    found = torch.cuda.device_count() if name != "cpu" and torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not found):
        return torch.device("cpu")
    if not found:
        raise UsageError("there is no CUDA device on this machine; train with --device cpu")
    if found < processes:
        raise UsageError(
            f"this machine has {found} CUDA devices for {processes} processes; "
            "start no more than one for each, or train with --device cpu"
        )
    return torch.device("cuda", number)
