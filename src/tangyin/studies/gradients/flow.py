"""How much of a gradient reaches an earlier hidden state: ‖∂h_T/∂h_t‖ against T − t."""

from typing import Any

import numpy as np

from tangyin.lstm import Parameters, plain_rnn_dh_dh_prev, plain_rnn_step, state_jacobians
from tangyin.lstm.arrays import FloatArray
from tangyin.studies.gradients.errors import steps_of
from tangyin.studies.training_cache import rounded

FORGET_BIASES = (-1.0, 0.0, 1.0, 2.0)


def gradient_flow(hidden_size: int, input_size: int, steps: int, seeds: int) -> dict[str, Any]:
    """Measure ‖∂h_T/∂h_t‖ in untrained networks.

    Weights, biases and inputs are uniform in ±1/√H, as in the course report's network before
    training, whose inputs are rows of its embedding. Every network starts from a zero state. Only
    the bias of the forget gate is set.

    Args:
        hidden_size: H.
        input_size: E.
        steps: T.
        seeds: how many networks of each kind; those of one seed share weights and inputs.

    Returns:
        `lags`, T − t from 0 to T; and `curves`, one for each forget bias and one for the plain
        recurrent network: `network`, `forget_bias` (None for the plain network), and the `lowest`,
        `median` and `highest` norm over the seeds at each lag. The norm is the largest singular
        value. In the LSTM c_t is held fixed.
    """
    norms: dict[tuple[str, float | None], list[list[float]]] = {}
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        H, E, bound = hidden_size, input_size, hidden_size**-0.5
        W_ih, W_hh, b, xs = (
            generator.uniform(-bound, bound, shape)
            for shape in ((4 * H, E), (4 * H, H), 4 * H, (steps, E))
        )
        for bias in FORGET_BIASES:
            layer = Parameters(W_ih=W_ih, W_hh=W_hh, b=b.copy())
            layer.b_f[:] = bias
            products = state_jacobians(layer, steps_of(layer, xs, np.zeros(H), np.zeros(H)))
            norms.setdefault(("LSTM", bias), []).append(_norms(products[:, :H, :H]))
        products = _plain_products(W_ih[:H], W_hh[:H], b[:H], xs)
        norms.setdefault(("plain RNN", None), []).append(_norms(products))
    return {
        "lags": list(range(steps + 1)),
        "curves": [
            {
                "network": network,
                "forget_bias": bias,
                "lowest": rounded(np.min(curves, axis=0), 4),
                "median": rounded(np.median(curves, axis=0), 4),
                "highest": rounded(np.max(curves, axis=0), 4),
            }
            for (network, bias), curves in norms.items()
        ],
    }


def _plain_products(
    W_ih: FloatArray, W_hh: FloatArray, b: FloatArray, xs: FloatArray
) -> FloatArray:
    """∂h_T/∂h_t of the plain network, (T+1, H, H), in the order of t."""
    h: FloatArray = np.zeros(len(b))
    states = []
    for x in xs:
        h = plain_rnn_step(W_ih, W_hh, b, x, h)
        states.append(h)
    products = [np.eye(len(b))]
    for h in reversed(states):
        products.append(products[-1] @ plain_rnn_dh_dh_prev(W_hh, h))
    return np.stack(products[::-1])


def _norms(products: FloatArray) -> list[float]:
    """The largest singular value of each Jacobian, in the order of T − t."""
    return [float(np.linalg.norm(product, 2)) for product in reversed(products)]
