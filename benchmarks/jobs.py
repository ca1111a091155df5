"""What speed.py measures, in a process that keeps its models: a line read names a job.

The job's figure is written as a line: seconds, poems or steps a second, or MiB. So the package of
another checkout (PYTHONPATH) can take turns with this one.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

POEMS = 128
"""Free poems that are written, and poems that are scored."""

STEPS = 20
CLIENTS, SECONDS = 8, 8.0
SHELL = [sys.executable, "-m", "tangyin", "write", "日", "--seed", "1"]
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's shell keeps compiled modules

Job = Callable[[], object]
Figure = Callable[[], float]


def wall(job: Job, count: int = 1) -> Figure:
    """Seconds of each of so many things that a job does."""

    def measured() -> float:
        began = time.perf_counter()
        job()
        return (time.perf_counter() - began) / count

    return measured


def processor(job: Job) -> Figure:
    """Processor seconds of a job in this process."""

    def measured() -> float:
        began = time.process_time()
        job()
        return time.process_time() - began

    return measured


def rate(count: int, job: Job) -> Figure:
    """How many of so many things a job does in a second."""
    return lambda: 1 / wall(job, count)()


def writing(model: str, count: int, **options: Any) -> Job:
    """Writes so many 五律 on other seeds each time."""
    from tangyin.api import load

    writer, seeds = load(model), iter(range(1_000_000))
    return lambda: list(writer.write_many(count=count, seed=next(seeds), **options))


def scoring() -> Job:
    """Scores poems of dev, of all forms."""
    from tangyin.api import load
    from tangyin.corpus import load_corpus

    writer = load("strong")
    texts = load_corpus().select(dynasties=["tang"], parts=["dev"]).text[:POEMS]
    return lambda: list(writer.score_many(texts))


def torch_loop() -> Job:
    """Writes 五律 as one would with PyTorch: the weights of `report` in an nn.LSTM.

    64 side by side, a character at a time, by random-k, the form kept by choosing among characters
    or marks. Neither log-likelihoods nor any other sum over the vocabulary are computed.
    """
    import torch

    from tangyin.api import load
    from tangyin.nn import LSTM
    from tangyin.verse import BOS, WULV

    model = load("report").model
    tensors = {name: torch.from_numpy(array) for name, array in model.tensors.items()}
    network, vocabulary = model.architecture, model.vocabulary
    sizes = network.embedding_size, network.hidden_size
    ours, lstm = LSTM(*sizes), torch.nn.LSTM(*sizes)
    ours.load_state_dict({n.removeprefix("lstm."): t for n, t in tensors.items() if "lstm." in n})
    lstm.load_state_dict(ours.state_dict())
    embedding, weight, bias = (
        tensors[name].float() for name in ("embedding.weight", "output.weight", "output.bias")
    )
    first, together = int(vocabulary.hanzi_ids[0]), 64

    @torch.inference_mode()
    def write() -> list[str]:
        tokens = torch.full((1, together), vocabulary.id(BOS))
        state, columns = None, []
        for place in range(WULV.targets - 1):
            hidden, state = lstm(embedding[tokens], state)
            logits = torch.nn.functional.linear(hidden[0], weight, bias)
            if place % (WULV.characters + 1) == WULV.characters:
                chosen = logits[:, 2:first].argmax(dim=1) + 2
            else:
                best = logits[:, first:].topk(5).indices
                chosen = best.gather(1, torch.randint(5, (together, 1)))[:, 0] + first
            columns.append(chosen)
            tokens = chosen[None]
        return [vocabulary.decode(poem.tolist()) for poem in torch.stack(columns, dim=1)]

    return lambda: [write() for _ in range(POEMS // together)]


def titled() -> Job:
    """Writes a default 五律 on a title."""
    return writing("strong", 1, title="秋夜宿山寺")


def products_of_poems(poems: int = 4) -> Figure:
    """Processor seconds of the matrix products of such a poem in float32, on one thread.

    The mean over some poems; each matrix lies in memory of its own, as in the model.
    """
    import torch

    from tangyin.api import load

    arithmetic, shapes = load("strong").engine.arithmetic, []
    linear = arithmetic._linear

    def recorded(rows: Any, matrix: Any, bias: Any) -> Any:
        shapes.append((id(matrix), *matrix.weights.shape, len(rows)))
        return linear(rows, matrix, bias)

    torch.set_num_threads(1)
    arithmetic._linear = recorded  # type: ignore[method-assign]
    times(poems, titled())
    del arithmetic._linear
    weights = {key: torch.rand(K, N) for key, N, K, _ in shapes}
    inputs = {(K, rows): torch.rand(rows, K) for _, _, K, rows in shapes}
    outputs = {(N, rows): torch.empty(rows, N) for _, N, _, rows in shapes}

    def run() -> None:
        for key, N, K, rows in shapes:
            torch.mm(inputs[K, rows], weights[key], out=outputs[N, rows])

    figure = processor(run)
    return lambda: figure() / poems


def times(count: int, job: Job) -> None:
    """Do it so many times."""
    for _ in range(count):
        job()


def stepping(precision: str) -> Job:
    """Takes steps of the report's size."""
    from step import SIZES, OurStep

    step = OurStep(SIZES["report"], precision)
    return partial(times, STEPS, step)


def products(precision: str) -> Job:
    """Takes the matrix products of such steps alone."""
    import torch

    from step import SIZES, floor

    run = floor(SIZES["report"], {"bf16": torch.bfloat16, "fp32": torch.float32}[precision])
    return partial(times, STEPS, run)


def beside_busy(figure: Figure) -> Figure:
    """The same beside a process that is always busy."""

    def measured() -> float:
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            return figure()
        finally:
            busy.kill()
            busy.wait()

    return measured


def shell() -> float:
    """Seconds to one regulated poem from the shell."""
    return wall(lambda: subprocess.run(SHELL, check=True, stdout=subprocess.DEVNULL))()


PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def memory() -> float:
    """Peak MiB of that process.

    A small process starts it: the peak of a child includes what its parent held at the fork.
    """
    starter = [sys.executable, "-c", PEAK, *SHELL]
    return int(subprocess.run(starter, check=True, capture_output=True).stdout) / 1024


def served() -> float:
    """Regulated poems a second that a server writes for some clients."""
    import serve

    server = serve.Server("strong")
    try:
        return asyncio.run(serve.sustained(server, SECONDS, CLIENTS))["poems_per_second"]
    finally:
        server.stop()


JOBS: dict[str, Callable[[], Figure]] = {
    "regulated": lambda: processor(writing("strong", 1, start="日", particles=16)),
    "titled": lambda: processor(titled()),
    "products of a poem": products_of_poems,
    "particles": lambda: wall(writing("strong", 1, start="日", particles=64)),
    "best": lambda: wall(writing("strong", 24, start="日", particles=16)),
    "free": lambda: rate(POEMS, writing("strong", POEMS, regulated=False)),
    "random-k": lambda: rate(POEMS, writing("report", POEMS, regulated=False, rule="random-k")),
    "nn.LSTM": lambda: rate(POEMS, torch_loop()),
    "score": lambda: rate(POEMS, scoring()),
    "shell": lambda: shell,
    "memory": lambda: memory,
    "served": lambda: served,
    "step bf16": lambda: wall(stepping("bf16"), STEPS),
    "step fp32": lambda: wall(stepping("fp32"), STEPS),
    "products bf16": lambda: wall(products("bf16"), STEPS),
    "products fp32": lambda: wall(products("fp32"), STEPS),
    "busy": lambda: beside_busy(rate(STEPS, stepping("fp32"))),
}


def main() -> None:
    """Do what is asked until the input ends."""
    made: dict[str, Figure] = {}
    for line in sys.stdin:
        name = line.strip()
        if name not in made:
            made[name] = JOBS[name]()
        print(made[name](), flush=True)


if __name__ == "__main__":
    main()
