"""Which precision "auto" is, and what it changes."""

import pytest
import torch

from tangyin.training import precision as module
from tangyin.training.precision import chosen_precision

CPU = torch.device("cpu")


@pytest.fixture
def processor(monkeypatch, tmp_path):
    """Makes the processor one with these flags."""
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)

    def make(flags):
        file = tmp_path / "cpuinfo"
        vendor, _, own = flags.partition(":")
        text = f"processor\t: 0\nvendor_id\t: {vendor}\nflags\t\t: fpu {own} sse\n\n"
        file.write_text(text, encoding="utf-8")
        monkeypatch.setattr(module, "Path", lambda _: file)

    return make


INTEL, AMD = "GenuineIntel:", "AuthenticAMD:"
AMX = f"{INTEL}avx512f avx512_bf16 amx_bf16 amx_tile"
BF16 = f"{AMD}avx512f avx512_bf16"


@pytest.mark.parametrize(
    ("flags", "isa", "expected"),
    [
        (BF16, None, "bf16"),
        (AMX, None, "bf16"),
        (f"{INTEL}avx512f avx512_bf16", None, "fp32"),  # no faster than AVX-512 there
        (f"{AMD}avx2", None, "fp32"),
        (f"{INTEL}avx512f avx512_vnni", None, "fp32"),
        *((AMX, isa, "fp32") for isa in ("AVX2", "AVX512_CORE", "AVX512_CORE_BF16")),
        *((AMX, isa, "bf16") for isa in ("AVX512_CORE_AMX", "AVX10_1_512", "DEFAULT", "")),
        *((BF16, isa, "fp32") for isa in ("AVX2", "avx2", "SSE41", "AVX512_CORE")),
        (BF16, "AVX512_CORE_VNNI", "fp32"),
        *((BF16, f"AVX512_CORE_{isa}", "bf16") for isa in ("BF16", "FP16", "AMX")),
        *((BF16, isa, "bf16") for isa in ("AVX10_1_512", "DEFAULT", "")),
    ],
)
def test_auto_is_bf16_where_the_processor_has_fast_units_that_onednn_may_use(
    flags, isa, expected, processor, monkeypatch
):
    processor(flags)
    if isa is not None:
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", isa)
    assert chosen_precision("auto", CPU) == expected


def test_auto_is_fp32_where_the_processor_is_unknown(processor, monkeypatch, tmp_path):
    processor("")
    monkeypatch.setattr(module, "Path", lambda _: tmp_path / "missing")
    assert chosen_precision("auto", CPU) == "fp32"


@pytest.mark.parametrize("supported", [False, True])
def test_auto_asks_torch_about_a_gpu(supported, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: supported)
    expected = "bf16" if supported else "fp32"
    assert chosen_precision("auto", torch.device("cuda")) == expected
