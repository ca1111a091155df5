"""Checkpoints: damage is detected, the previous one is used, and the last two are kept."""

import hashlib
import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from tangyin.errors import TangyinError, UsageError
from tangyin.training.checkpoint import (
    DamagedCheckpointError,
    Progress,
    checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from tangyin.training.recipe import build_recipe

NAME = "0000002-0000000.checkpoint"
RECIPE = build_recipe(
    {
        "name": "small",
        "data": {"forms": ["五律"]},
        "model": {"embedding_size": 3, "hidden_size": 2},
    },
    "",
).as_dict()
BEGUN = Progress("poems", recipe=RECIPE)


def network():
    """A small network after one step of Adam, so that the optimizer has a state."""
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 3)).square().sum().backward()
    optimizer.step()
    return model, optimizer


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    model, optimizer = network()
    best = {name: torch.randn_like(tensor) for name, tensor in model.state_dict().items()}
    save_checkpoint(folder, Progress("poems", epoch=2, recipe=RECIPE), model, optimizer, best)
    return checkpoints(folder)[0].read_bytes()


def test_a_checkpoint_restores_everything(tmp_path):
    model, optimizer = network()
    best = {"weight": torch.randn(2, 3), "bias": torch.randn(2)}
    metrics = [{"epoch": 1, "dev": {"x": 0.1}}]
    progress = Progress("poems", 3, 7, 1.25, 99, 2.5, 2, 3.5, metrics, RECIPE, {"threads": 2})
    save_checkpoint(tmp_path, progress, model, optimizer, best)
    other, its_optimizer = network()
    found, its_best = load_checkpoint(checkpoints(tmp_path)[0], other, its_optimizer, BEGUN)
    assert found == progress
    for name, tensor in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)
        assert torch.equal(its_best[name], best[name])
    states, others = optimizer.state_dict()["state"], its_optimizer.state_dict()["state"]
    for index, state in states.items():
        for key, value in state.items():
            assert torch.equal(others[index][key], value)


@given(data=st.data(), cut=st.booleans())
def test_a_checkpoint_with_any_byte_changed_or_cut_anywhere_is_damaged(
    data, cut, content, tmp_path_factory
):
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content[:place] if cut else content)
    if not cut:
        changed[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("changed") / NAME
    path.write_bytes(changed)
    with pytest.raises(DamagedCheckpointError) as refusal:
        load_checkpoint(path, *network(), BEGUN)
    assert refusal.value.code == "training.checkpoint_damaged"
    assert refusal.value.params == {"path": path}


def written(line):
    """A checkpoint without tensors, of this line of JSON."""
    content = json.dumps(line).encode() + b"\n" + save({})
    return hashlib.sha256(content).digest() + content


@pytest.mark.parametrize(
    ("line", "poems", "inputs", "code"),
    [
        (None, "other poems", 3, "training.other_poems"),
        (None, "poems", 4, "training.other_version"),
        # of another layout, or without a whole recipe
        ({"epochs": 3}, "poems", 3, "training.other_version"),
        ({"poems": "poems", "epoch": 2}, "poems", 3, "training.other_version"),
        ({"recipe": {"name": "small"}}, "poems", 3, "training.other_version"),
    ],
)
def test_a_checkpoint_of_other_poems_another_network_or_another_version_is_refused(
    line, poems, inputs, code, content, tmp_path
):
    path = tmp_path / NAME
    path.write_bytes(written(line) if line else content)
    model = torch.nn.Linear(inputs, 2)
    optimizer = torch.optim.Adam(model.parameters())
    with pytest.raises(UsageError) as refusal:
        load_checkpoint(path, model, optimizer, Progress(poems, recipe=RECIPE))
    assert (refusal.value.code, refusal.value.params) == (code, {"path": path})


@pytest.mark.parametrize(
    ("places", "kept"),
    [
        (
            [(1, 0), (9, 0), (9, 99), (10, 0), (10, 2), (10, 10), (99_999, 0)],
            ["0099999-0000000", "0000010-0000010"],
        ),
        # A damaged one does not count: the run resumes before it, and is stopped before it too.
        ([(5, 1), (5, 2), (5, 1)], ["0000005-0000001"]),
    ],
)
def test_the_last_two_checkpoints_are_kept_in_order_of_epoch_and_step(places, kept, tmp_path):
    for epoch, step in places:
        save_checkpoint(tmp_path, Progress(epoch=epoch, step=step), *network(), {})
    assert [path.stem for path in checkpoints(tmp_path)] == kept


@pytest.mark.corpus
def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used(lab):
    lab.train()
    newest, before = checkpoints(lab.run.checkpoint)
    newest.write_bytes(newest.read_bytes()[:-100])
    notes = lab.Notes()
    lab.train(resume=True, callback=notes)
    damaged = DamagedCheckpointError("training.checkpoint_damaged", path=newest)
    assert notes.said == [str(TangyinError("training.checkpoint_skipped", cause=damaged))]
    assert lab.result() == lab.uninterrupted()
    assert checkpoints(lab.run.checkpoint) == [newest, before]


@pytest.mark.corpus
def test_a_run_whose_checkpoints_are_all_damaged_is_refused(lab):
    lab.train()
    for path in checkpoints(lab.run.checkpoint):
        path.write_bytes(b"no checkpoint")
    model = lab.run.model.read_bytes()
    with pytest.raises(TangyinError) as refusal:
        lab.train(resume=True)
    assert refusal.value.code == "training.checkpoints_damaged"
    assert refusal.value.params["path"] == lab.run.path
    assert lab.run.model.read_bytes() == model
