"""The progress of `tangyin train`; it needs torch."""

import math
import sys
import time
from typing import Any

from tqdm import tqdm

from tangyin.cli.streams import note
from tangyin.training import Callback, Step

FIRST, EVERY = 10, 30
"""Seconds to the first line of progress and between the others, where there is no terminal."""


class ProgressBar(Callback):
    """Draws a bar for each epoch and prints a line after it.

    Where standard error is not a terminal, a line of progress is printed from time to time instead.
    """

    bar: Any = None
    began: tuple[float, float] | None = None  # when, and after how many targets of the epoch
    due = 0.0

    def step(self, step: Step) -> None:
        """Advance the bar, or print a line if one is due."""
        if not sys.stderr.isatty():
            self._line(step)
            return
        begins = self.bar is None
        if begins:
            self.bar = tqdm(
                total=step.epoch_targets,
                initial=step.epoch_targets_done - step.targets,
                unit="tok",
                unit_scale=True,
                desc=f"epoch {step.epoch}/{step.epochs}",
                leave=False,
            )
        self.bar.set_postfix_str(
            f"loss {step.loss:.3f} perplexity {math.exp(min(step.loss, 20)):.1f}",
            refresh=begins,  # a short epoch would end before tqdm's first refresh
        )
        self.bar.update(step.targets)

    def _line(self, step: Step) -> None:
        now = time.monotonic()
        if self.began is None:
            self.began = now, step.epoch_targets_done
            self.due = now + FIRST
        if now < self.due:
            return
        self.due = now + EVERY
        since, before = self.began
        rate = (step.epoch_targets_done - before) / (now - since)
        left = (step.epoch_targets - step.epoch_targets_done) / rate
        note(
            f"epoch {step.epoch}/{step.epochs}  "
            f"{step.epoch_targets_done / step.epoch_targets:4.0%}  loss {step.loss:.3f}  "
            f"{rate:,.0f} tokens/s  {tqdm.format_interval(left)} left of the epoch"
        )

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
        self.began = None
        if self.bar is not None:
            self.bar.close()
            self.bar = None
