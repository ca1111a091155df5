"""The precision of the matrix products of a training."""

import os
import re
from contextlib import AbstractContextManager
from pathlib import Path

import torch

PRECISIONS = ("auto", "fp32", "bf16")

_WITH_AMX = ["AMX", "AVX10", "DEFAULT", "ALL"]
_WITH_BF16 = [*_WITH_AMX, "BF16", "FP16"]


def chosen_precision(name: str, device: torch.device) -> str:
    """The precision ("fp32" or "bf16") that one of `PRECISIONS` means on a device of this machine.

    "auto" is bf16 where it is faster: GPUs that torch reports, and processors with AMX, or of AMD
    with AVX-512 BF16, if oneDNN may use that (`ONEDNN_MAX_CPU_ISA` can forbid it). On processors of
    Intel, AVX-512 BF16 multiplies no faster than AVX-512 does in fp32, and a step is slower.
    """
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    allowed = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() or "ALL"
    try:
        information = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return "fp32"
    amd = "AuthenticAMD" in information
    units, isas = ("avx512_bf16", _WITH_BF16) if amd else ("amx_bf16", _WITH_AMX)
    has_units = re.search(rf"^flags\b.* {units}\b", information, re.MULTILINE)
    return "bf16" if has_units and any(name in allowed for name in isas) else "fp32"


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """The context for a forward pass with matrix products in "fp32" or "bf16"."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
