"""`tangyin train`."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from tangyin.cli.streams import PATH, needs_training, note
from tangyin.errors import TangyinError


@click.command()
@click.argument("config", type=PATH)
@click.option("--run", "-o", "run_path", type=PATH, help="The run's folder.  [default: runs/NAME]")
@click.option("--resume", is_flag=True, help="Resume the run in the folder.")
@click.option(
    "--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a value of the recipe."
)
@click.option("--corpus", "own", type=PATH, help="Train on your own poems: JSONL or text.")
@click.option(
    "--precision",
    metavar="fp32|bf16|auto",
    help="Precision of the matrix products; overrides training.precision.",
)
@click.option(
    "--device",
    metavar="cpu|cuda|auto",
    default="auto",
    help="Device to train on; auto is CUDA where available.  [default: auto]",
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
    """Train a model from the recipe CONFIG, a TOML file or the name of a shipped recipe.

    The run's folder will contain config.toml, metrics.jsonl, checkpoint/ and model.safetensors.
    Ctrl-C and SIGTERM save the state and stop; --resume continues with the same recipe.

    \b
        tangyin train report
        tangyin train report --set training.epochs=5 --run runs/short
        torchrun --nproc-per-node 2 -m tangyin train report
    """
    with needs_training():
        from tangyin import training
        from tangyin.cli.progress_bar import ProgressBar

    if precision is not None:
        changes += (f"training.precision={precision}",)
    with (
        _together(training.LostProcessError, training.OutOfMemoryError),
        closing(ProgressBar()) as bar,
    ):
        recipe = training.read_recipe(config, changes)
        folder = training.RunFolder(run_path or Path("runs") / recipe.name)
        model = training.train(recipe, folder, resume=resume, own=own, device=device, callback=bar)
        if os.environ.get("RANK", "0") == "0":
            dev = model.figures["dev"]["all"]
            note(
                f"{folder.model}: epoch {model.training['epoch']}, dev per_token "
                f"{dev['per_token']:.2f} (closed {dev['per_token_closed']:.2f})"
            )


@contextmanager
def _together(*own: type[TangyinError]) -> Iterator[None]:
    """Print an error of several processes once per machine; each prints its `own`.

    Of several processes each exits here, at once: gloo's own exit can wait minutes for a process
    that has already ended.
    """
    alone = os.environ.get("WORLD_SIZE", "1") == "1"
    code = 0
    try:
        yield
    except TangyinError as error:
        if alone:
            raise
        if os.environ.get("LOCAL_RANK", "0") == "0" or isinstance(error, own):
            note(f"tangyin: {error}")
        code = error.exit_code
    if not alone:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
