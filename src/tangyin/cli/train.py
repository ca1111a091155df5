"""`tangyin train`."""

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from tangyin.cli.needs import needs_training
from tangyin.cli.streams import note
from tangyin.errors import TangyinError


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--run",
    "-o",
    "run_path",
    type=click.Path(path_type=Path),
    help="The run's folder.  [default: runs/NAME]",
)
@click.option("--resume", is_flag=True, help="Go on with the run that is in the folder.")
@click.option(
    "--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a value of the recipe."
)
@click.option(
    "--corpus",
    "own",
    type=click.Path(path_type=Path),
    help="Train on your own poems: JSONL, or text.",
)
@click.option(
    "--precision",
    metavar="fp32|bf16|auto",
    help="Of the matrix products, instead of the recipe's training.precision.",
)
@click.option(
    "--device",
    metavar="cpu|cuda|auto",
    default="auto",
    help="Where to train; auto takes CUDA where there is a device for it.  [default: auto]",
)
def train(
    config: Path,
    run_path: Path | None,
    resume: bool,
    changes: tuple[str, ...],
    own: Path | None,
    precision: str | None,
    device: str,
) -> None:
    """Train a model by the recipe CONFIG.

    The run's folder gets config.toml, metrics.jsonl, checkpoint/ and model.safetensors. Ctrl-C
    saves; --resume goes on.

    \b
        tangyin train configs/report.toml
        tangyin train configs/report.toml --set training.epochs=5 --run runs/short
        torchrun --nproc-per-node 2 -m tangyin train configs/report.toml
    """
    with needs_training("training"):
        from tangyin import training

    if precision is not None:
        changes += (f"training.precision={precision}",)
    with _together(training.LostProcessError):
        recipe = training.read_recipe(config, changes)
        folder = training.RunFolder(run_path or Path("runs") / recipe.name)
        with _bar_watcher(training) as watcher:
            model = training.train(
                recipe, folder, resume=resume, own=own, device=device, watcher=watcher
            )
        if os.environ.get("RANK", "0") == "0":
            dev = model.figures["dev"]["all"]
            note(
                f"{folder.model}: epoch {model.training['epoch']}, dev per_token "
                f"{dev['per_token']:.2f} (closed {dev['per_token_closed']:.2f})"
            )


@contextmanager
def _together(lost: type[TangyinError]) -> Iterator[None]:
    """Let one process of each machine say why all of them end, and any that has lost another.

    Of several processes each ends here, at once: gloo's own end can wait for minutes for another
    process that has ended already.
    """
    code = 0
    try:
        yield
    except TangyinError as error:
        if os.environ.get("WORLD_SIZE", "1") == "1":
            raise
        if os.environ.get("LOCAL_RANK", "0") == "0" or isinstance(error, lost):
            note(f"tangyin: {error}")
        code = error.exit_code
    if os.environ.get("WORLD_SIZE", "1") != "1":
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _bar_watcher(training: Any) -> Any:
    """A watcher that draws a progress bar for each epoch, and closes it when done."""
    from tqdm import tqdm

    class BarWatcher(training.Callback):  # type: ignore[misc]
        bar: Any = None

        def __enter__(self) -> "BarWatcher":
            return self

        def __exit__(self, *_: object) -> None:
            self._close()

        def step(self, step: Any) -> None:
            begins = self.bar is None
            if begins:
                self.bar = tqdm(
                    total=step.epoch_targets,
                    initial=step.epoch_targets_done - step.targets,
                    unit="tok",
                    unit_scale=True,
                    desc=f"epoch {step.epoch}/{step.epochs}",
                    leave=False,
                    disable=None,  # only where a person watches
                )
            self.bar.set_postfix_str(
                f"loss {step.loss:.3f} perplexity {math.exp(min(step.loss, 20)):.1f}",
                refresh=begins,  # an epoch may be over before tqdm draws of itself
            )
            self.bar.update(step.targets)

        def epoch(self, metrics: dict[str, Any]) -> None:
            self._close()
            dev = metrics["dev"]
            note(
                f"epoch {metrics['epoch']:>3}  train {metrics['train_per_token']:8.2f}  "
                f"dev {dev['per_token']:8.2f}  closed {dev['per_token_closed']:8.2f}  "
                f"{metrics['targets_per_second']:,} tokens/s" + ("  *" * metrics["improved"])
            )

        def say(self, sentence: str) -> None:
            note(f"tangyin: {sentence}")

        def _close(self) -> None:
            if self.bar is not None:
                self.bar.close()
                self.bar = None

    return BarWatcher()
