"""The progress bar of `tangyin train`; it needs torch."""

import math
from typing import Any

from tqdm import tqdm

from tangyin.cli.streams import note
from tangyin.training import Callback, Step


class ProgressBar(Callback):
    """Draws a bar for each epoch and prints a line after it."""

    bar: Any = None

    def step(self, step: Step) -> None:
        """Advance the bar."""
        begins = self.bar is None
        if begins:
            self.bar = tqdm(
                total=step.epoch_targets,
                initial=step.epoch_targets_done - step.targets,
                unit="tok",
                unit_scale=True,
                desc=f"epoch {step.epoch}/{step.epochs}",
                leave=False,
                disable=None,  # draw on a terminal only
            )
        self.bar.set_postfix_str(
            f"loss {step.loss:.3f} perplexity {math.exp(min(step.loss, 20)):.1f}",
            refresh=begins,  # a short epoch would end before tqdm's first refresh
        )
        self.bar.update(step.targets)

    def epoch(self, metrics: dict[str, Any]) -> None:
        """Print the figures of an epoch."""
        self.close()
        dev = metrics["dev"]
        note(
            f"epoch {metrics['epoch']:>3}  train {metrics['train_per_token']:8.2f}  "
            f"dev {dev['per_token']:8.2f}  closed {dev['per_token_closed']:8.2f}  "
            f"{metrics['targets_per_second']:,} tokens/s" + ("  *" * metrics["improved"])
        )

    def say(self, sentence: str) -> None:
        """Print a remark."""
        note(f"tangyin: {sentence}")

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
