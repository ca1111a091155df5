"""Ways to multiply int8 weights by 16 rows of activations, on one thread.

    OPENBLAS_NUM_THREADS=1 python benchmarks/products.py [--format json]

The weights have the size of the recurrent layer of `strong`, (4096, 1440). All ways but the first
give whole numbers. onnxruntime is measured where it is installed; its fast kernel takes unsigned
activations.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from measuring import heading, interleaved, parser, run, summary
from tangyin.model.arithmetic import FLAGS, PATHS, SOURCE, Arithmetic, Matrix, Native
from tangyin.native import built_library

ROWS, N, K, ROUNDS = 16, 4096, 1440, 15


def ways() -> dict[str, Callable[[], object]]:
    """The ways by name."""
    generator = np.random.default_rng(1)
    weights = generator.normal(size=(N, K)).astype(np.float32)
    x = generator.normal(size=(ROWS, K)).astype(np.float32)
    matrix, columns = Matrix.of(weights), np.ascontiguousarray(x.T)
    found: dict[str, Callable[[], object]] = {
        "NumPy, float32": lambda: weights @ columns,
        "NumPy, whole numbers in float32": lambda: Arithmetic().linear(x, matrix),
    }
    library = built_library(SOURCE, FLAGS)
    if library is None:
        raise SystemExit("no compiler, so no kernel to measure")
    for path in PATHS[:-1]:
        copy = library.with_name(f"{path}.so")  # for a choice of its own
        try:
            copy.write_bytes(library.read_bytes())
            kernel = Native(copy, path)
            found[f"kernel, {kernel.name}"] = partial(kernel.linear, x, matrix)
        except OSError:
            continue
        finally:
            copy.unlink()
    q = torch.from_numpy(np.rint(x / np.abs(x).max() * 127).astype(np.int8))
    rows = torch.cat((q, q))  # torch takes more than 16 rows only
    transposed = torch.from_numpy(matrix.weights).t()
    found["torch._int_mm, 32 rows"] = lambda: torch._int_mm(rows, transposed)
    try:
        unsigned = q.numpy().view(np.uint8) ^ 128  # q + 128
        found["onnxruntime, MatMulInteger"] = _onnxruntime(matrix, unsigned)
    except ImportError:
        print("onnxruntime and onnx are not installed")
    return found


def _onnxruntime(matrix: Matrix, q: np.ndarray) -> Callable[[], object]:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["q", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("q", TensorProto.UINT8, [ROWS, K])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [ROWS, N])],
        [numpy_helper.from_array(np.ascontiguousarray(matrix.weights.T), "w")],
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return lambda: session.run(None, {"q": q})


def measure() -> dict[str, Any]:
    """Milliseconds of each way."""
    runs = interleaved(ways(), ROUNDS)
    return {"milliseconds": {name: summary(seconds, 1000) for name, seconds in runs.items()}}


def text(results: dict[str, Any]) -> str:
    """A line for each way."""
    rows = [
        f"{name:<36}{figures['median']:>8.2f} ms  ({figures['min']:.2f}-{figures['max']:.2f})"
        for name, figures in results["milliseconds"].items()
    ]
    return "\n".join([heading(results), *rows])


if __name__ == "__main__":
    torch.set_num_threads(1)
    run(measure, parser(__doc__).parse_args(), text)
