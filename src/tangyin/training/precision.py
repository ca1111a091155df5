"""The precision of the matrix products of a training."""

import os
import re
from contextlib import AbstractContextManager
from pathlib import Path

import torch

PRECISIONS = ("auto", "fp32", "bf16")

_ISAS_WITH_BF16 = ("BF16", "FP16", "AMX", "AVX10", "DEFAULT", "ALL")


def chosen_precision(name: str, device: torch.device) -> str:
    """The precision ("fp32" or "bf16") that one of `PRECISIONS` means on a device of this machine.

    "auto" is bf16 where the device has units for it: GPUs that torch reports, and processors with
    AVX-512 BF16 or AMX that oneDNN may use (`ONEDNN_MAX_CPU_ISA` can forbid it).
    """
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    allowed = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    if allowed and not any(name in allowed for name in _ISAS_WITH_BF16):
        return "fp32"
    try:
        information = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return "fp32"
    return (
        "bf16" if re.search(r"^flags\b.* (avx512_bf16|amx_bf16)\b", information, re.M) else "fp32"
    )


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """The context for a forward pass with matrix products in "fp32" or "bf16"."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
