"""Checkpoints: damage is noticed, the one before is used, and the last two are kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.errors import TangyinError, UsageError
from tangyin.training import Recipe, RunFolder, train
from tangyin.training.checkpoint import (
    DamagedCheckpointError,
    Progress,
    checkpoints,
    load_checkpoint,
    save_checkpoint,
)


def network() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    """A small network after one step of Adam, so that the optimizer has a state."""
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 3)).square().sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return model, optimizer


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("sound")
    model, optimizer = network()
    best = {name: torch.randn_like(tensor) for name, tensor in model.state_dict().items()}
    save_checkpoint(folder, Progress("poems", epoch=2), model, optimizer, best)
    return checkpoints(folder)[0].read_bytes()


def test_a_checkpoint_brings_everything_back(tmp_path: Path) -> None:
    model, optimizer = network()
    best = {"weight": torch.randn(2, 3), "bias": torch.randn(2)}
    progress = Progress("poems", 3, 7, 1.25, 99, 2.5, 2, 3.5, [{"epoch": 1, "dev": {"x": 0.1}}])
    save_checkpoint(tmp_path, progress, model, optimizer, best)
    other, its_optimizer = network()
    found, its_best = load_checkpoint(checkpoints(tmp_path)[0], other, its_optimizer, "poems")
    assert found == progress
    for name, tensor in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)
        assert torch.equal(its_best[name], best[name])
    states, others = optimizer.state_dict()["state"], its_optimizer.state_dict()["state"]
    for index, state in states.items():
        for key, value in state.items():
            assert torch.equal(others[index][key], value)


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_a_checkpoint_with_any_byte_changed_is_damaged(
    data: Any, content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("changed") / "0000002-0000000.safetensors"
    path.write_bytes(changed)
    with pytest.raises(DamagedCheckpointError, match=r"^the checkpoint .* is damaged"):
        load_checkpoint(path, *network(), "poems")


def test_a_checkpoint_whose_numbers_are_declared_as_another_type_is_damaged(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "0000002-0000000.safetensors"
    path.write_bytes(content.replace(b'"F32"', b'"I32"', 1))
    with pytest.raises(DamagedCheckpointError):
        load_checkpoint(path, *network(), "poems")


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_a_checkpoint_cut_anywhere_is_damaged(
    data: Any, content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("cut") / "0000002-0000000.safetensors"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(DamagedCheckpointError):
        load_checkpoint(path, *network(), "poems")


def test_a_checkpoint_of_other_poems_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "0000002-0000000.safetensors"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="trained on other poems; give it the same ones"):
        load_checkpoint(path, *network(), "other poems")


def test_a_checkpoint_of_another_network_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "0000002-0000000.safetensors"
    path.write_bytes(content)
    model = torch.nn.Linear(4, 2)
    with pytest.raises(UsageError, match="by another version of tangyin"):
        load_checkpoint(path, model, torch.optim.Adam(model.parameters()), "poems")


def test_the_last_two_checkpoints_are_kept_in_order_of_epoch_and_step(tmp_path: Path) -> None:
    model, optimizer = network()
    for epoch, step in [(1, 0), (9, 0), (9, 99), (10, 0), (10, 2), (10, 10), (99_999, 0)]:
        save_checkpoint(tmp_path, Progress(epoch=epoch, step=step), model, optimizer, {})
    names = [path.name for path in checkpoints(tmp_path)]
    assert names == ["0099999-0000000.safetensors", "0000010-0000010.safetensors"]


def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used(
    tmp_path: Path,
    own_poems: Path,
    tiny: Callable[..., Recipe],
    notes: Any,
    result_of: Callable[[Path], Any],
    uninterrupted: Callable[..., Any],
) -> None:
    run, watcher = RunFolder(tmp_path), notes()
    train(tiny(), run, own=own_poems)
    newest, before = checkpoints(run.checkpoint)
    newest.write_bytes(newest.read_bytes()[:-100])
    train(tiny(), run, resume=True, own=own_poems, watcher=watcher)
    assert len(watcher.said) == 1
    assert str(newest) in watcher.said[0]
    assert watcher.said[0].endswith("; going on from the one before it")
    assert result_of(tmp_path) == uninterrupted(tiny())
    assert checkpoints(run.checkpoint) == [newest, before]


def test_a_damaged_checkpoint_does_not_count_among_the_two_that_are_kept(tmp_path: Path) -> None:
    model, optimizer = network()
    for step in (1, 2):
        save_checkpoint(tmp_path, Progress(epoch=5, step=step), model, optimizer, {})
    damaged = checkpoints(tmp_path)[0]
    damaged.write_bytes(b"")
    # The run goes on from step 1 of epoch 5, and is stopped before it reaches step 2.
    save_checkpoint(tmp_path, Progress(epoch=5, step=1), model, optimizer, {})
    assert [path.name for path in checkpoints(tmp_path)] == ["0000005-0000001.safetensors"]


def test_a_run_whose_checkpoints_are_all_damaged_is_refused_with_a_sentence(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    run = RunFolder(tmp_path)
    train(tiny(), run, own=own_poems)
    for path in checkpoints(run.checkpoint):
        path.write_bytes(b"no checkpoint")
    model = run.model.read_bytes()
    with pytest.raises(TangyinError, match=r"and there is no other; delete .* and begin again$"):
        train(tiny(), run, resume=True, own=own_poems)
    assert run.model.read_bytes() == model
