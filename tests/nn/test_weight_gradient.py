"""A weight's gradient, turned around or not, against the product in float64."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.nn.closed_form import WIDE, weight_gradient
from tangyin.nn.torch_kernel import TorchKernel

float32, bfloat16, float64 = torch.float32, torch.bfloat16, torch.float64
EPS = {bfloat16: torch.finfo(bfloat16).eps, float32: 1e-5, float64: 1e-13}
sizes = st.integers(1, 70)


@settings(deadline=None)
@given(N=sizes, inward=sizes, back=sizes.map(lambda n: n + WIDE - 35), add=st.booleans(),
       dtype=st.sampled_from(list(EPS)), seed=st.integers(0, 99))  # fmt: skip
def test_it_is_the_product_of_both_to_the_rounding_of_their_dtype(
    kernel, N, inward, back, add, dtype, seed
):
    torch.manual_seed(seed)
    d, x = torch.randn(N, back).to(dtype), torch.randn(N, inward).to(dtype)
    before = torch.randn(back, inward, dtype=float64 if dtype == float64 else float32)
    wanted = d.double().t() @ x.double() + (before.double() if add else 0)
    bound = EPS[dtype] * (d.double().abs().t() @ x.double().abs() + before.double().abs())
    for with_kernel in (kernel, TorchKernel()):
        to = before.clone()
        if not add:
            to[0, 0] = torch.nan  # what was there does not matter
        assert weight_gradient(with_kernel, d, x, to, add=add) is to
        assert ((to.double() - wanted).abs() <= bound).all()


STRIDED = {  # (40, 33) that do not lie in memory row by row
    "columns of a wider one": lambda: torch.randn(40, 36, dtype=bfloat16)[:, :33],
    "turned": lambda: torch.randn(33, 40, dtype=bfloat16).t(),
    "one row everywhere": lambda: torch.randn(1, 33, dtype=bfloat16).expand(40, 33),
}


@pytest.mark.parametrize("kind", STRIDED)
def test_operands_may_lie_in_memory_as_they_like(kernel, kind):
    torch.manual_seed(1)
    d, x = torch.randn(40, WIDE).bfloat16(), STRIDED[kind]()
    assert not x.is_contiguous()
    to, same = torch.empty(WIDE, 33), torch.empty(WIDE, 33)
    weight_gradient(kernel, d, x, to)
    weight_gradient(kernel, d, x.contiguous(), same)
    assert torch.equal(to, same)


@settings(deadline=None)
@given(N=sizes, M=sizes, dtype=st.sampled_from([bfloat16, float32]), seed=st.integers(0, 99))
def test_the_kernel_turns_a_matrix_around_to_the_bit(kernel, N, M, dtype, seed):
    torch.manual_seed(seed)
    given, sum_before = torch.randn(N, M).to(dtype), torch.randn(M, N)
    turned, wide, added = torch.empty(M, N, dtype=dtype), torch.empty(M, N), sum_before.clone()
    kernel.transpose(given, turned)
    kernel.transpose(given, wide)
    kernel.transpose(given, added, add=True)
    assert torch.equal(turned, given.t())
    assert torch.equal(wide, given.t().float())
    assert torch.equal(added, sum_before + given.t().float())
