"""Work on several threads gives what one thread gives, and so does work without a kernel."""

import functools
import json
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangyin.model.arithmetic import FLAGS, SOURCE
from tangyin.model.threads import shared_out
from tangyin.native import built_library


@given(st.lists(st.integers()), st.integers(1, 9))
def test_parts_are_computed_in_order_and_joined(items, least):
    sizes = []

    def doubled(part):
        sizes.append(len(part))
        return [2 * item for item in part]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "4")
        assert shared_out(doubled, items, least) == [2 * item for item in items]
    assert sum(sizes) == len(items)
    assert len(sizes) == max(1, min(4, len(items) // least))


@pytest.mark.parametrize("threads", [1, 3])
def test_as_many_threads_as_allowed_compute_and_none_more_outside_the_main_one(
    threads, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
    barrier = threading.Barrier(threads)  # is passed only when so many wait at once

    def waiting(part):
        barrier.wait(timeout=10)
        return part

    assert shared_out(waiting, range(6)) == list(range(6))
    found = []
    parts = functools.partial(shared_out, lambda part: [part], "abcdef")
    own = threading.Thread(target=lambda: found.extend(parts()), daemon=True)
    own.start()
    own.join(60)
    assert not own.is_alive()
    assert found == ["abcdef"]


WRITE = """
import json, tangyin
writer = tangyin.load("report")
free = writer.write_many("月", form="五律", seed=3, count=17, regulated=False)
regulated = writer.write_many("月", form="五律", seed=3, count=3, particles=5)
verses = [*free, *regulated]
costs = [score.nll for score in writer.score_many([verse.text for verse in verses] * 2)]
shown = [[verse.text, verse.log_likelihood] for verse in verses]
print(json.dumps([writer.engine.arithmetic.name, shown, costs]))
"""


def test_the_same_poems_and_scores_on_every_path():
    found, compiled = {}, built_library(SOURCE, FLAGS)
    for threads, native in (("1", "1"), ("2", "1"), ("1", "0")):
        environment = os.environ | {"OMP_NUM_THREADS": threads, "TANGYIN_NATIVE": native}
        command = [sys.executable, "-c", WRITE]
        options = {"capture_output": True, "text": True, "env": environment, "timeout": 100}
        done = subprocess.run(command, check=True, **options)
        name, *found[threads, native] = json.loads(done.stdout)
        assert (name == "numpy") == (native == "0" or not compiled)
    first, *others = found.values()
    assert all(other == first for other in others)
