"""AdamW: Adam with decoupled weight decay."""

from collections.abc import Mapping

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.optimizers.adam import Adam


class AdamW(Adam):
    """AdamW (Loshchilov and Hutter 2019): the decay acts on the parameter, not on its gradient.

        θ ← (1 − lr·λ)·θ,  then the step of Adam without a penalty

    so that it is not divided by √v̂ as the gradient is.
    """

    def __init__(
        self,
        parameters: Mapping[str, FloatArray],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(parameters, lr=lr, betas=betas, eps=eps, amsgrad=amsgrad)
        self.decoupled_decay = weight_decay

    def _update(self, name: str, parameter: FloatArray, d: FloatArray) -> None:
        parameter *= 1 - self.lr * self.decoupled_decay
        super()._update(name, parameter, d)
