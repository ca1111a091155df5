import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as serialize

from tangyin.errors import TangyinError, UsageError
from tangyin.model import Engine
from tangyin.model.file import FORMAT, ModelFile, load_model, save_model
from tangyin.prosody import LEVEL_RHYMES
from tangyin.verse import FORMS, QIJUE, WULV, form_token, prefix_tokens
from tangyin.writing import Argmax, Order, compose

SMALL = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["五律", "日月", "lstm", 10**30, -1, 0, 2.0, "<bos>"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
DTYPES = {"F16": np.float16, "F32": np.float32, "I8": np.int8, "U8": np.uint8}


@pytest.fixture
def small(random_model: Callable[..., ModelFile]) -> ModelFile:
    return random_model(
        "山川日月天地人花草木風雨春夏秋", (WULV,), embedding_size=3, hidden_size=2, layers=2
    )


@pytest.fixture
def small_file(small: ModelFile, tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    save_model(small, path)
    return path


@pytest.fixture
def rich(random_model: Callable[..., ModelFile]) -> ModelFile:
    """A small network with everything that format 2 has."""
    return random_model(
        "山川日月天地人花草木風雨春夏秋",
        FORMS,
        embedding_size=6,
        hidden_size=4,
        layers=2,
        prefixes=prefix_tokens(LEVEL_RHYMES),
        tied=True,
        echo=True,
        opposite_size=3,
        rhyme_size=2,
        place_size=1,
        tone_size=2,
    )


@pytest.fixture(params=["fp16", "int8"])
def rich_file(rich: ModelFile, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / "rich.safetensors"
    save_model(rich, path, request.param)
    return path


def parts(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The description and the tensors of a model file."""
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    metadata = {key: json.loads(text) for key, text in header.pop("__metadata__").items()}
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        values = np.frombuffer(content[start:end], DTYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return metadata, tensors


def put(path: Path, metadata: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    texts = {key: json.dumps(value) for key, value in metadata.items()}
    path.write_bytes(serialize(tensors, texts))


def refused(path: Path) -> str:
    """Load a file that must be refused, and return the sentence that says why."""
    with pytest.raises(TangyinError) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def settled(path: Path) -> None:
    """A file is refused in one sentence, or it is a model that writes."""
    try:
        model = load_model(path)
    except TangyinError as error:
        sentence = str(error)
    else:
        sentence = ""
        try:
            (poem,) = compose(Engine(model), model.forms[0], Argmax(), [Order({}, 0, 0)])
        except TangyinError as error:  # a cell that the engine does not have
            sentence = str(error)
        else:
            assert len(poem.text) == model.forms[0].targets - 1
    assert "\n" not in sentence


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_model_comes_back_as_it_was_stored(
    random_model: Callable[..., ModelFile], tmp_path: Path, layers: int
) -> None:
    prefixes = tuple(form_token(form) for form in FORMS)
    stored = random_model("日月山川㐀", FORMS, layers=layers, prefixes=prefixes, seed=layers)
    stored.training.update(recipe={"名": [1, 2.5, None]}, commit="x")
    stored.figures["dev"] = {"五律": {"poems": 3, "per_token": 101.25}}
    save_model(stored, tmp_path / "m.safetensors")
    loaded = load_model(tmp_path / "m.safetensors")
    for name in ("name", "architecture", "forms", "training", "figures", "licence", "parameters"):
        assert getattr(loaded, name) == getattr(stored, name)
    assert loaded.vocabulary.tokens == stored.vocabulary.tokens
    assert loaded.tensors.keys() == stored.tensors.keys()
    for name, tensor in loaded.tensors.items():
        assert tensor.dtype == np.float32
        assert np.array_equal(tensor, stored.tensors[name].astype(np.float16))


def test_a_stored_model_is_stored_again_to_the_same_bytes(small_file: Path, tmp_path: Path) -> None:
    save_model(load_model(small_file), tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == small_file.read_bytes()


def test_a_model_in_int8_comes_back_within_half_a_step_of_each_row(
    rich: ModelFile, tmp_path: Path
) -> None:
    rich.tensors["opposite.weight"][1] = 0
    save_model(rich, tmp_path / "m.safetensors", "int8")
    loaded = load_model(tmp_path / "m.safetensors")
    assert loaded.precision == "int8"
    assert loaded.architecture == rich.architecture
    assert loaded.parameters == rich.parameters
    assert loaded.tensors.keys() == rich.tensors.keys()
    for name, tensor in loaded.tensors.items():
        stored = rich.tensors[name]
        if name == "tones":
            assert tensor.dtype == np.uint8
            assert np.array_equal(tensor, stored)
        elif tensor.ndim == 1:
            assert np.array_equal(tensor, stored.astype(np.float16))
        else:
            step = np.abs(stored).max(axis=1) / 127
            assert (np.abs(tensor - stored) <= 0.5001 * step[:, None]).all()
            assert tensor.dtype == np.float32


def test_int8_takes_a_quarter_of_fp32_and_the_same_model_is_the_same_file(
    random_model: Callable[..., ModelFile], tmp_path: Path
) -> None:
    large = random_model("山川日月", (WULV,), embedding_size=200, hidden_size=64)
    for precision, size in (("fp16", 2), ("int8", 1)):
        paths = [tmp_path / f"{precision}{copy}" for copy in "ab"]
        for path in paths:
            save_model(large, path, precision)
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert 1 < paths[0].stat().st_size / large.parameters / size < 1.1
        assert load_model(paths[0]).precision == precision


def test_a_precision_that_there_is_not_is_refused(small: ModelFile, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no precision 'int4'; it is fp16 or int8"):
        save_model(small, tmp_path / "m", "int4")


def test_a_file_of_format_1_is_read_as_the_plain_network(small_file: Path) -> None:
    metadata, tensors = parts(small_file)
    old = {"embedding_size", "hidden_size", "layers", "cell"}
    plain = {key: value for key, value in metadata["architecture"].items() if key in old}
    put(small_file, {**metadata, "format": 1, "architecture": plain}, tensors)
    assert not load_model(small_file).architecture.follows_text


def test_a_missing_a_surplus_or_a_misshapen_tensor_of_format_2_is_refused(
    rich_file: Path,
) -> None:
    metadata, tensors = parts(rich_file)
    for name, tensor in tensors.items():
        of = name.removesuffix(".scale")
        put(rich_file, metadata, {k: v for k, v in tensors.items() if k != name})
        assert f"{of} is None" in refused(rich_file)
        put(rich_file, metadata, {**tensors, name: tensor[:-1].copy()})
        assert f"does not fit its own architecture: {of}" in refused(rich_file)
        if name == "tones":
            put(rich_file, metadata, {**tensors, name: tensor + np.uint8(200)})
            assert "tone classes that there are not" in refused(rich_file)
            put(rich_file, metadata, {**tensors, name: tensor.astype(np.float16)})
            assert "tones is None" in refused(rich_file)
        if name.endswith(".scale"):
            put(rich_file, metadata, {**tensors, name: tensor.astype(np.int8)})
            assert f"{of} is None" in refused(rich_file)
            for broken in (np.nan, np.inf):
                put(rich_file, metadata, {**tensors, name: np.full_like(tensor, broken)})
                assert f"weights in {of} that are no finite numbers" in refused(rich_file)


@pytest.mark.parametrize(
    "changes",
    [
        {"tied": False},
        {"tied": 1},
        {"echo": "yes"},
        {"echo": None},
        {"place_size": -1},
        {"tone_size": 2.0},
        {"rhyme_size": True},
    ],
)
def test_absurd_features_are_refused(rich_file: Path, changes: dict[str, object]) -> None:
    metadata, tensors = parts(rich_file)
    put(rich_file, {**metadata, "architecture": {**metadata["architecture"], **changes}}, tensors)
    assert "the description inside" in refused(rich_file)


def test_features_without_the_token_that_begins_the_text_are_refused(rich_file: Path) -> None:
    metadata, tensors = parts(rich_file)
    metadata["vocabulary"]["prefixes"].remove("<text>")
    put(rich_file, metadata, tensors)
    assert "no token <text>" in refused(rich_file)


def test_a_file_name_that_is_no_utf8_can_stand_in_the_description(
    small: ModelFile, tmp_path: Path
) -> None:
    small.training["corpus"] = "poems-\udcff.txt"
    save_model(small, tmp_path / "m.safetensors")
    assert load_model(tmp_path / "m.safetensors").training == small.training


@pytest.mark.parametrize("weight", [np.inf, -np.inf, np.nan, 7e4, -1e30])
def test_weights_that_fp16_cannot_hold_are_not_stored(
    small: ModelFile, tmp_path: Path, weight: float
) -> None:
    small.tensors["lstm.weight_hh_l1"][3, 1] = weight
    with pytest.raises(TangyinError, match=r"lstm\.weight_hh_l1 holds weights that fp16 cannot"):
        save_model(small, tmp_path / "m.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_at_any_length_is_refused(small_file: Path) -> None:
    whole = small_file.read_bytes()
    header = 8 + struct.unpack("<Q", whole[:8])[0]
    near = {end + step for end in (0, 8, header, len(whole)) for step in range(-3, 4)}
    lengths = near.union(range(0, len(whole), 11)).intersection(range(len(whole)))
    for length in sorted(lengths):
        small_file.write_bytes(whole[:length])
        assert "get it again" in refused(small_file)
    small_file.write_bytes(whole + b"\0")
    assert "get it again" in refused(small_file)


def test_the_shipped_model_cut_short_is_refused(report_model: ModelFile, tmp_path: Path) -> None:
    path = tmp_path / "report.safetensors"
    save_model(report_model, path)
    whole = path.read_bytes()
    for length in (0, 7, 8, 4000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "it was cut short or is something else" in refused(path)


def test_a_newer_format_is_refused_even_when_its_tensors_cannot_be_read(small_file: Path) -> None:
    metadata, tensors = parts(small_file)
    put(small_file, {**metadata, "format": FORMAT + 1, "forms": {"unheard": "of"}}, tensors)
    assert f"has model format {FORMAT + 1}" in refused(small_file)
    content = small_file.read_bytes().replace(b'"F16"', b'"BF16"'[:5] + b'"', 1)
    header = {
        "__metadata__": {"format": str(FORMAT + 1)},
        "a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]},
    }
    content = json.dumps(header).encode()
    small_file.write_bytes(struct.pack("<Q", len(content)) + content + b"\0\0")
    assert "install a newer tangyin" in refused(small_file)


@pytest.mark.parametrize("version", [None, "1", "", 1.0, True, 0, -1, [1], "[" * 100_000])
def test_another_safetensors_file_is_refused(small_file: Path, version: object) -> None:
    _, tensors = parts(small_file)
    texts = {} if version is None else {"format": json.dumps(version)}
    if isinstance(version, str) and len(version) > 10:
        texts = {"format": version}
    small_file.write_bytes(serialize(tensors, texts))
    assert "is a safetensors file but no tangyin model" in refused(small_file)


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3"])
def test_types_numpy_does_not_have_are_refused(small_file: Path, dtype: str) -> None:
    metadata, _ = parts(small_file)
    size = 2 if dtype == "BF16" else 1
    header = {
        "__metadata__": {key: json.dumps(value) for key, value in metadata.items()},
        "output.bias": {"dtype": dtype, "shape": [1], "data_offsets": [0, size]},
    }
    content = json.dumps(header).encode()
    small_file.write_bytes(struct.pack("<Q", len(content)) + content + b"\0" * size)
    # NumPy learns of BF16 where a package that adds it was imported; the shape is wrong then too.
    assert refused(small_file).endswith(("get it again", "get the file again"))


def test_a_missing_a_surplus_or_a_misshapen_tensor_is_refused(small_file: Path) -> None:
    metadata, tensors = parts(small_file)
    for name, tensor in tensors.items():
        put(small_file, metadata, {k: v for k, v in tensors.items() if k != name})
        assert f"{name} is None" in refused(small_file)
        put(small_file, metadata, {**tensors, name: tensor[:-1].copy()})
        assert f"does not fit its own architecture: {name}" in refused(small_file)
        put(small_file, metadata, {**tensors, name: tensor.astype(np.int8)})
        assert f"{name} is None" in refused(small_file)
        put(small_file, metadata, {**tensors, f"{name}.scale": tensor})
        assert f"{name}.scale is {tensor.shape}, and should be None" in refused(small_file)


@pytest.mark.parametrize("weight", [np.inf, -np.inf, np.nan])
def test_weights_that_are_no_finite_numbers_are_refused(small_file: Path, weight: float) -> None:
    metadata, tensors = parts(small_file)
    for name, tensor in tensors.items():
        broken = tensor.copy()
        broken.flat[-1] = weight
        put(small_file, metadata, {**tensors, name: broken})
        assert f"weights in {name} that are no finite numbers" in refused(small_file)
    wide = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    wide["output.bias"][0] = 1e200
    put(small_file, metadata, wide)
    assert "no finite numbers" in refused(small_file)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("architecture", {"embedding_size": 3, "hidden_size": 2, "layers": 10**12}),
        ("architecture", {"embedding_size": 3, "hidden_size": 2, "layers": -1}),
        ("architecture", {"embedding_size": 3, "hidden_size": 2, "layers": 2.0}),
        ("architecture", {"embedding_size": 3.0, "hidden_size": 2, "layers": 2}),
        ("architecture", {"embedding_size": 3, "hidden_size": "2", "layers": 2}),
        ("architecture", {"embedding_size": 3, "hidden_size": True, "layers": 2}),
        ("architecture", {"embedding_size": 3, "hidden_size": 2, "layers": 2, "cell": 7}),
        ("architecture", {"embedding_size": 3}),
        ("architecture", {"embedding_size": 3, "hidden_size": 2, "width": 2}),
        ("architecture", [3, 2, 2]),
        ("vocabulary", {"hanzi": "", "prefixes": ["<bos>"]}),
        ("vocabulary", {"hanzi": "日日", "prefixes": ["<bos>"]}),
        ("vocabulary", {"hanzi": "ab", "prefixes": ["<bos>"]}),
        ("vocabulary", {"hanzi": ["日", "月"], "prefixes": ["<bos>"]}),
        ("vocabulary", {"hanzi": "日月", "prefixes": []}),
        ("vocabulary", {"hanzi": "日月", "prefixes": [1, 2]}),
        ("vocabulary", {"hanzi": "日月", "prefixes": [["<bos>"]]}),
        ("vocabulary", {"hanzi": "日月", "prefixes": ["<七律>"]}),
        ("vocabulary", {"hanzi": "日月", "prefixes": ["<unk>", "<bos>"]}),
        ("vocabulary", "日月"),
        ("forms", []),
        ("forms", "五律"),
        ("forms", [5]),
        ("forms", ["五律", "wulv"]),
        ("forms", None),
        ("name", None),
        ("name", ""),
        ("licence", 3),
        ("training", 3),
        ("figures", []),
        ("figures", {"dev": 7}),
        ("figures", {"dev": {"all": 7}}),
    ],
)
def test_an_absurd_description_is_refused(small_file: Path, key: str, value: object) -> None:
    metadata, tensors = parts(small_file)
    put(small_file, {**metadata, key: value}, tensors)
    assert "the description inside" in refused(small_file)
    del metadata[key]
    put(small_file, metadata, tensors)
    assert "the description inside" in refused(small_file)


def test_a_description_that_is_no_json_is_refused(small_file: Path) -> None:
    metadata, tensors = parts(small_file)
    texts = {key: json.dumps(value) for key, value in metadata.items()}
    for broken in ("", "{", "9" * 10_000, "[" * 100_000, "nan"):
        small_file.write_bytes(serialize(tensors, {**texts, "training": broken}))
        assert "the description inside" in refused(small_file)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "there is no model file" in refused(tmp_path / "none.safetensors")
    assert "cannot read the model" in refused(tmp_path)
    (tmp_path / "empty").write_bytes(b"")
    assert "get it again" in refused(tmp_path / "empty")
    (tmp_path / "text").write_text("春眠不覺曉" * 99, encoding="utf-8")
    assert "get it again" in refused(tmp_path / "text")


@given(st.data())
@SMALL
def test_bytes_changed_anywhere_are_refused_or_harmless(
    small_file: Path, data: st.DataObject
) -> None:
    whole = bytearray(small_file.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    changed = small_file.with_name("changed")
    changed.write_bytes(whole)
    settled(changed)


@given(st.data())
@SMALL
def test_any_values_in_the_description_are_refused_or_harmless(
    small_file: Path, data: st.DataObject
) -> None:
    metadata, tensors = parts(small_file)
    place: Any = metadata
    key: Any = data.draw(st.sampled_from(sorted(metadata)))
    while isinstance(place[key], (dict, list)) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else [0]))
    place[key] = data.draw(JSON)
    changed = small_file.with_name("changed")
    put(changed, metadata, tensors)
    settled(changed)


@given(st.data())
@SMALL
def test_bytes_and_values_of_format_2_changed_are_refused_or_harmless(
    rich_file: Path, data: st.DataObject
) -> None:
    changed = rich_file.with_name("changed")
    whole = bytearray(rich_file.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    changed.write_bytes(whole)
    settled(changed)
    metadata, tensors = parts(rich_file)
    key = data.draw(st.sampled_from(sorted(metadata["architecture"])))
    metadata["architecture"][key] = data.draw(JSON)
    put(changed, metadata, tensors)
    settled(changed)


@given(st.binary(max_size=200))
@example(struct.pack("<Q", 2**64 - 1))
@example(struct.pack("<Q", 2) + b"{}")
@SMALL
def test_any_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "any").write_bytes(content)
    refused(tmp_path / "any")


def test_the_shipped_model_is_small_and_fits_the_report(report_model: ModelFile) -> None:
    assert report_model.name == "report"
    assert report_model.forms == (WULV,)
    assert QIJUE not in report_model.forms
    architecture = report_model.architecture
    assert (architecture.embedding_size, architecture.hidden_size) == (256, 128)
    assert (architecture.layers, architecture.cell) == (1, "lstm")
    assert len(report_model.vocabulary.hanzi) == 2814
    assert report_model.licence == "MIT"
    assert 2 * report_model.parameters < 3_000_000
