"""What help at a place costs, and what is lost by weighing only some characters to the end.

    python benchmarks/candidates.py [--model strong] [--poems 8]

At random places of held-out poems (dev) it measures the CPU time of `Writer.candidates` and
`Writer.lines`, on one core, and compares the characters offered with those of an exact ranking:
every allowed character weighed by all that follows.
"""

import argparse
import random
import statistics
import time

import tangyin
from tangyin.api import Writer
from tangyin.corpus import load_corpus
from tangyin.verse import Form
from tangyin.writing import candidates, weighing

Place = tuple[Form, list[str], int, int]


def places(writer: Writer, poems: int) -> list[Place]:
    """Random places of dev poems, as many of each form: form, lines, line and character from 1."""
    dev, drawn, found = (
        load_corpus().select(dynasties=["tang"], parts=["dev"]),
        random.Random(1),
        [],
    )
    for form in writer.model.forms:
        width = form.characters + 1
        for text in drawn.sample([t for t in dev.text if len(t) == form.lines * width], poems):
            lines = [text[at : at + width] for at in range(0, len(text), width)]
            line, place = drawn.randrange(form.lines), drawn.randrange(form.characters - 1)
            found.append((form, lines, line + 1, place + 1))
    return found


def offered(
    writer: Writer, places: list[Place], length: int
) -> tuple[list[list[str]], list[float]]:
    """What is offered at each place, the best first, and the seconds it took."""
    texts, seconds = [], []
    for form, lines, line, place in places:
        begun = time.process_time()
        found = writer.candidates(lines, line, place, form=form.name, length=length)
        seconds.append(time.process_time() - begun)
        texts.append([candidate.text for candidate in found.candidates])
    return texts, seconds


def printed(name: str, seconds: list[float]) -> None:
    """A row with the median and the largest of some times."""
    print(f"{name:28}{statistics.median(seconds):6.2f} s median{max(seconds):8.2f} s at most")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="strong")
    parser.add_argument("--poems", type=int, default=8, help="places of each form")
    given = parser.parse_args()
    writer = tangyin.load(given.model)
    asked = places(writer, given.poems)
    offered(writer, asked[:1], 1)  # reads tables
    usual, seconds = offered(writer, asked, 1)
    printed("characters", seconds)
    printed("words", offered(writer, asked, 2)[1])
    for name, answered in (("a line, the poem whole", 99), ("the next line", 0)):
        seconds = []
        for form, lines, line, _ in asked:
            given_lines = lines if answered else lines[: line - 1]
            begun = time.process_time()
            writer.lines(given_lines, line, form=form.name)
            seconds.append(time.process_time() - begun)
        printed(name, seconds)
    candidates.TRIED, weighing.STAY = 10**6, 1.0
    exact, seconds = offered(writer, asked, 1)
    printed("exact", seconds)
    pairs = list(zip(usual, exact, strict=True))
    first = sum(mine[0] == best[0] for mine, best in pairs) / len(pairs)
    eight = sum(len({*mine[:8]} & {*best[:8]}) for mine, best in pairs) / (8 * len(pairs))
    print(f"the first is the exact first: {first:.0%}; of the exact first eight: {eight:.0%}")


if __name__ == "__main__":
    main()
