"""Where the time of one training step goes.

    python benchmarks/profile_step.py [--way ours_bf16] [--size report|large|E,H,V,B,T] [--steps N]
                                      [--trace FILE] [--format text|json] [-o FILE]

Profiles steps of one way (torch.profiler) and prints the milliseconds of each phase, of each node
of the graph on the way back, and of the operators that take most time by themselves; then it writes
a trace, which https://ui.perfetto.dev opens. `forward: loss` is what the forward spends outside the
recurrent layer: embedding, output layer and cross-entropy. A fused loss computes its gradient
there too.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function

from measuring import heading, interleaved, new_file, parser, positive, run, summary, table
from step import WAYS, ReportModel, Size, Step, TorchModel, size_named
from tangyin.files import write_whole
from tangyin.nn.language_model import LanguageModel

STEPS, OPERATORS, NODES = 10, 12, 6
NODE = "autograd::engine::evaluate_function: "
"""How torch.profiler begins the name of a node of the graph."""


def measure(name: str, size: Size, way: str, steps: int, trace: Path) -> dict[str, Any]:
    """Everything, as the JSON holds it; times are milliseconds a step."""
    torch.manual_seed(1)
    with named_phases(way, size) as step:
        plain = summary(interleaved({way: step}, steps)[way], 1000)
        with profile(activities=[ProfilerActivity.CPU]) as profiled:
            for _ in range(steps):
                with record_function("phase: step"):
                    step()
    write_trace(profiled, trace)
    events = {event.key: event for event in profiled.key_averages()}

    def total(key: str) -> float:
        return round(float(events[key].cpu_time_total) / 1000 / steps, 3)

    forward, recurrent = total("phase: forward"), total("phase: recurrent")
    phases = {
        "forward: recurrent": recurrent,
        "forward: loss": round(forward - recurrent, 3),
        **{name: total(f"phase: {name}") for name in ("backward", "clip", "optimizer")},
    }
    whole = total("phase: step")
    nodes = {key.removeprefix(NODE): total(key) for key in events if key.startswith(NODE)}
    slowest = sorted(nodes, key=lambda node: -nodes[node])[:NODES]
    operators = [e for e in events.values() if not e.key.startswith(("phase: ", NODE))]
    operators.sort(key=lambda event: -event.self_cpu_time_total)
    return {
        "way": way,
        "shapes": {name: vars(size)},
        "step_ms": plain,
        "profiled_step_ms": whole,
        "phases_ms": phases | {"the rest": round(whole - sum(phases.values()), 3)},
        "backward_ms": {node: nodes[node] for node in slowest},
        "operators": [
            {
                "name": event.key,
                "calls": round(event.count / steps, 1),
                "ms": round(event.self_cpu_time_total / 1000 / steps, 3),
            }
            for event in operators[:OPERATORS]
        ],
        "trace": str(trace),
    }


@contextmanager
def named_phases(way: str, size: Size) -> Iterator[Step]:
    """A step whose phases the profiler can name, though its own code knows nothing of that."""
    with ExitStack() as stack:

        def name(phase: str, owner: Any, function: str) -> None:
            named = record_function(f"phase: {phase}")(getattr(owner, function))
            stack.enter_context(patch.object(owner, function, named))

        # Before the step is made, which may keep its model's loss.
        for model in (LanguageModel, TorchModel, ReportModel):
            name("forward", model, "loss")
        step = WAYS[way](size)
        name("recurrent", step.model.lstm, "forward")
        name("backward", torch.Tensor, "backward")
        name("clip", nn.utils, "clip_grad_norm_")
        name("optimizer", step.optimizer, "step")
        yield step


def write_trace(profiled: profile, path: Path) -> None:
    """Write the trace whole, compressed if its name ends in .gz."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / path.name
        profiled.export_chrome_trace(str(written))
        write_whole(path, written.read_bytes())


def text(results: dict[str, Any]) -> str:
    """The results as tables."""
    ((name, shape),) = results["shapes"].items()
    whole = results["profiled_step_ms"]

    def share(ms: float) -> str:
        return f"{100 * ms / whole:.0f}"

    def shares(head: str, times: dict[str, float]) -> str:
        rows = [(what, f"{ms:.2f}", share(ms)) for what, ms in times.items()]
        return table((head, "ms", "%"), rows)

    operators = [
        (o["name"], f"{o['ms']:.2f}", share(o["ms"]), f"{o['calls']:g}")
        for o in results["operators"]
    ]
    return "\n\n".join(
        [
            heading(results),
            f"{results['way']}, {name}: {Size(**shape)}; a step takes "
            f"{results['step_ms']['median']:.1f} ms, under the profiler {whole:.1f} ms",
            shares("phase", results["phases_ms"]),
            shares("node of the backward", results["backward_ms"]),
            table(("operator", "ms by itself", "%", "calls"), operators),
            f"The trace is in {results['trace']}; open it at https://ui.perfetto.dev",
        ]
    )


if __name__ == "__main__":
    options = parser(__doc__, size_named)
    options.add_argument("--way", choices=list(WAYS), default="ours_bf16")
    options.add_argument("--steps", type=positive, default=STEPS, metavar="N")
    options.add_argument("--trace", type=new_file, default="step.trace.json.gz", metavar="FILE")
    arguments = options.parse_args()
    name, size = arguments.size
    run(
        lambda: measure(name, size, arguments.way, arguments.steps, arguments.trace),
        arguments,
        text,
    )
