import shutil
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tangyin.nn import LSTM, RecurrentCell
from tangyin.nn.native import Kernel, native_kernel

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def kernel() -> Kernel:
    """The native kernel; where there is a compiler it must come of it."""
    if shutil.which("g++") is None:
        pytest.skip("needs a compiler")
    found = native_kernel()
    assert found is not None, "there is a compiler, and no kernel came of it"
    return found


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(20)


@pytest.fixture
def randomise() -> Callable[..., nn.Module]:
    """Draw every parameter of a module anew, so that no two are equal and none is 0 or 1."""

    def draw(module: nn.Module, scale: float = 0.5) -> nn.Module:
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                start = 1.0 if "gain" in name else 0.0
                parameter.normal_(start, scale)
        return module

    return draw


@pytest.fixture
def gradcheck() -> Callable[..., None]:
    """Check the gradients to all parameters and all given tensors against finite differences.

    `call` takes the module and the tensors and gives the tensor or tensors to differentiate. A fast
    check compares a random projection of the Jacobian.
    """

    def check(
        module: nn.Module, tensors: list[Tensor], call: Callable[..., object], fast: bool = False
    ) -> None:
        inputs = (*(t.detach().clone().requires_grad_() for t in tensors), *module.parameters())

        def function(*given: Tensor) -> Any:
            # the parameters are given too, and are shifted in place
            return call(module, *given[: len(tensors)])

        assert torch.autograd.gradcheck(function, inputs, atol=1e-7, rtol=1e-5, fast_mode=fast)
        if fast:
            assert torch.autograd.gradgradcheck(
                function, inputs, atol=1e-6, rtol=1e-4, fast_mode=True
            )

    return check


@pytest.fixture
def relative_error() -> Callable[[Tensor, Tensor], float]:
    """Give the norm-wise relative error of a tensor against a reference, in float64."""

    def error(found: Tensor, reference: Tensor) -> float:
        assert found.shape == reference.shape
        reference = reference.double()
        return float(((found.double() - reference).norm() / reference.norm()).item())

    return error


@pytest.fixture
def layer() -> Callable[[RecurrentCell], LSTM]:
    """Make the LSTM of one layer whose cell is the given one."""

    def make(cell: RecurrentCell) -> LSTM:
        biases = len(cell.gate_biases())
        options: dict[str, Any] = {"cell": cell.kind, "proj_size": cell.proj_size}
        options |= {"bias": biases > 0, "biases": biases or 1, "dtype": cell.weight_ih.dtype}
        lstm = LSTM(cell.input_size, cell.hidden_size, **options)
        lstm.load_state_dict({f"{name}_l0": p for name, p in cell.state_dict().items()})
        return lstm

    return make
