import json
import math
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load as deserialize
from safetensors.numpy import save as serialize

from tangyin.errors import TangyinError, UsageError
from tangyin.metre import LEVEL_RHYMES
from tangyin.model import Engine, FeatureLayout
from tangyin.model.file import FORMAT, ModelFile, describe_model, load_model, save_model
from tangyin.model.serialization import DTYPES, serialized
from tangyin.verse import FORMS, WULV, form_token, prefix_tokens
from tangyin.writing import Argmax, Order, compose

SMALL = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
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
HANZI = "山川日月天地人花草木風雨春夏秋"
SIZES = {"embedding_size": 6, "hidden_size": 4, "layers": 2}
FEATURES = {
    "tied": True, "echo": True, "opposite_size": 3, "rhyme_size": 2, "place_size": 1, "tone_size": 2
}  # fmt: skip


@pytest.fixture
def plain(random_model):
    """A small network without features."""
    return random_model(HANZI, (WULV,), **SIZES)


@pytest.fixture
def rich(random_model):
    """A small network with all features."""
    return random_model(HANZI, FORMS, prefixes=prefix_tokens(LEVEL_RHYMES), **SIZES, **FEATURES)


def stored(model: ModelFile, folder: Path, precision: str = "fp16") -> Path:
    save_model(model, folder / "model.safetensors", precision)
    return folder / "model.safetensors"


@pytest.fixture(params=["plain fp16", "rich fp16", "rich int8"])
def file(plain, rich, tmp_path, request):
    """The file of a small network."""
    kind, precision = request.param.split()
    return stored(plain if kind == "plain" else rich, tmp_path, precision)


@pytest.fixture
def plain_file(plain, tmp_path):
    return stored(plain, tmp_path)


@pytest.fixture
def rich_file(rich, tmp_path):
    return stored(rich, tmp_path)


def parts(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The description and the tensors of a model file."""
    with safe_open(path, framework="numpy") as file:
        metadata = {key: json.loads(text) for key, text in file.metadata().items()}
        return metadata, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def put(path: Path, metadata: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    texts = {key: json.dumps(value) for key, value in metadata.items()}
    path.write_bytes(serialize(tensors, texts))


def put_type(path: Path, metadata: dict[str, Any], dtype: str, size: int) -> None:
    """Write a file with one tensor of a type that NumPy does not have."""
    header = {
        "__metadata__": {key: json.dumps(value) for key, value in metadata.items()},
        "output.bias": {"dtype": dtype, "shape": [1], "data_offsets": [0, size]},
    }
    content = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(content)) + content + b"\0" * size)


def refused(path: Path, code: str, **params: object) -> None:
    """See that a file is refused with this code and these parameters, in one line that names it."""
    with pytest.raises(TangyinError) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)
    assert caught.value.code == f"model.{code}"
    assert caught.value.params.items() >= {"path": str(path), **params}.items()


def settled(path: Path) -> None:
    """See that a file is refused in one line, or is a model that writes."""
    sentence = ""
    try:
        model = load_model(path)
        (poem,) = compose(Engine(model), model.forms[0], Argmax(), [Order({}, 0, 0)])
        assert len(poem.text) == model.forms[0].targets - 1
    except TangyinError as error:
        sentence = str(error)
    assert "\n" not in sentence


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_model_comes_back_as_it_was_stored(random_model, tmp_path, layers):
    prefixes = tuple(form_token(form) for form in FORMS)
    model = random_model("日月山川㐀", FORMS, layers=layers, prefixes=prefixes, seed=layers)
    # A file name that is not UTF-8 can be in the description.
    model.training.update(recipe={"名": [1, 2.5, None]}, corpus="poems-\udcff.txt")
    model.figures["dev"] = {"五律": {"poems": 3, "per_token": 101.25}}
    path = stored(model, tmp_path)
    loaded = load_model(path)
    for name in ("name", "architecture", "forms", "training", "figures", "licence", "parameters"):
        assert getattr(loaded, name) == getattr(model, name)
    assert loaded.vocabulary.tokens == model.vocabulary.tokens
    assert loaded.tensors.keys() == model.tensors.keys()
    for name, tensor in loaded.tensors.items():
        assert tensor.dtype == np.float32
        assert np.array_equal(tensor, model.tensors[name].astype(np.float16))
    content = path.read_bytes()
    assert stored(loaded, tmp_path).read_bytes() == content


def test_a_model_in_int8_comes_back_within_half_a_step_of_each_row(rich, tmp_path):
    rich.tensors["opposite.weight"][1] = 0
    loaded = load_model(stored(rich, tmp_path, "int8"))
    assert loaded.precision == "int8"
    assert loaded.architecture == rich.architecture
    assert loaded.parameters == rich.parameters
    assert loaded.tensors.keys() == rich.tensors.keys()
    for name, tensor in loaded.tensors.items():
        before = rich.tensors[name]
        assert tensor.dtype == before.dtype
        if name == "tones":
            assert np.array_equal(tensor, before)
        elif tensor.ndim == 1:
            assert np.array_equal(tensor, before.astype(np.float16))
        else:
            step = np.abs(before).max(axis=1) / 127
            assert (np.abs(tensor - before) <= 0.5001 * step[:, None]).all()


def test_int8_takes_a_quarter_of_fp32_and_the_same_model_is_the_same_file(random_model, tmp_path):
    large = random_model("山川日月", (WULV,), embedding_size=200, hidden_size=64)
    for precision, size in (("fp16", 2), ("int8", 1)):
        paths = [tmp_path / f"{precision}{copy}" for copy in "ab"]
        for path in paths:
            save_model(large, path, precision)
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert 1 < paths[0].stat().st_size / large.parameters / size < 1.1
        assert load_model(paths[0]).precision == precision


def test_an_unknown_precision_is_refused(plain, tmp_path):
    with pytest.raises(UsageError) as caught:
        save_model(plain, tmp_path / "m", "int4")
    assert (caught.value.code, caught.value.params["precision"]) == ("model.precision", "int4")


def test_the_layout_of_the_features_is_in_the_file(rich, tmp_path):
    layout = FeatureLayout(("七律", "詞"), (7,), lines=3, columns=4, tone_classes=5)
    network = replace(rich.architecture, layout=layout)
    rich.tensors["place.weight"] = np.zeros((2 + 4 * 3 * 4, 1), np.float32)
    rich.tensors["tone.weight"] = np.zeros((5**4, 2), np.float32)
    path = stored(replace(rich, architecture=network), tmp_path)
    assert load_model(path).architecture == network
    metadata, tensors = parts(path)
    assert metadata["format"] == 3  # a tangyin that does not know layouts refuses it
    del metadata["features"]
    put(path, metadata, tensors)
    refused(path, "misfit", tensor="place.weight", found="(50, 1)", expected="(506, 1)")


def test_files_without_a_layout_have_the_layout_of_format_2(rich_file):
    metadata, tensors = parts(rich_file)
    stored = metadata.pop("features")
    assert (metadata["format"], stored["forms"]) == (2, ["五絕", "七絕", "五律", "七律"])
    expected = load_model(rich_file).architecture
    put(rich_file, metadata, tensors)
    assert load_model(rich_file).architecture == expected
    assert expected.layout == FeatureLayout.of(load_model(rich_file).vocabulary)


def test_a_model_of_another_form_is_of_format_3(plain, tmp_path, extra_form):
    form = extra_form("六言絕句", "liujue", lines=4, characters=6)
    path = stored(replace(plain, forms=(form,)), tmp_path)
    assert parts(path)[0]["format"] == 3
    assert load_model(path).forms == (form,)


def test_a_file_of_format_1_is_read_as_the_plain_network(plain_file):
    metadata, tensors = parts(plain_file)
    old = {"embedding_size", "hidden_size", "layers", "cell"}
    network = {key: value for key, value in metadata["architecture"].items() if key in old}
    put(plain_file, {**metadata, "format": 1, "architecture": network}, tensors)
    assert not load_model(plain_file).architecture.follows_text


def test_a_missing_a_surplus_or_a_misshapen_tensor_is_refused(file):
    metadata, tensors = parts(file)
    for name, tensor in tensors.items():
        of = name.removesuffix(".scale")
        put(file, metadata, {k: v for k, v in tensors.items() if k != name})
        refused(file, "misfit", tensor=of, found="-")
        put(file, metadata, {**tensors, name: tensor[:-1].copy()})
        refused(file, "misfit", tensor=of)
        if name == "tones":
            put(file, metadata, {**tensors, name: tensor + np.uint8(200)})
            refused(file, "bad_values", tensor="tones")
        if tensor.dtype == np.int8:
            continue
        put(file, metadata, {**tensors, name: tensor.astype("f2" if name == "tones" else "i1")})
        refused(file, "misfit", tensor=of, found="-")
        if name == of != "tones":
            put(file, metadata, {**tensors, f"{name}.scale": tensor})
            refused(file, "misfit", tensor=f"{name}.scale", expected="-")


@pytest.mark.parametrize("weight", [np.inf, -np.inf, np.nan])
def test_weights_that_are_not_finite_are_refused(file, weight):
    metadata, tensors = parts(file)
    for name, tensor in tensors.items():
        if tensor.dtype.kind == "f":
            broken = tensor.copy()
            broken.flat[-1] = weight
            put(file, metadata, {**tensors, name: broken})
            refused(file, "bad_values", tensor=name.removesuffix(".scale"))
    wide = tensors["output.bias"].astype(np.float64)
    wide[0] = 1e200
    put(file, metadata, {**tensors, "output.bias": wide})
    refused(file, "bad_values", tensor="output.bias")


@pytest.mark.parametrize("weight", [np.inf, -np.inf, np.nan, 7e4, -1e30])
def test_weights_that_fp16_cannot_hold_are_not_stored(plain, tmp_path, weight):
    plain.tensors["lstm.weight_hh_l1"][3, 1] = weight
    with pytest.raises(TangyinError) as caught:
        save_model(plain, tmp_path / "m.safetensors")
    assert caught.value.code == "model.too_large"
    assert caught.value.params == {"tensor": "lstm.weight_hh_l1"}
    assert list(tmp_path.iterdir()) == []


def sparse(path: Path, metadata: dict[str, Any], shapes: dict[str, tuple[int, ...]]) -> None:
    """Write a file that is large and takes no room on the disk: its weights are a hole."""
    header: dict[str, Any] = {"__metadata__": {k: json.dumps(v) for k, v in metadata.items()}}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [start, end]}
    content = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(content)) + content)
        file.truncate(8 + len(content) + end)
    assert path.stat().st_blocks * 512 < 1 << 20


@pytest.mark.parametrize("fits", [True, False])
def test_no_tensor_is_read_to_list_a_model_or_to_refuse_one(plain, tmp_path, fits):
    path = stored(plain, tmp_path)
    metadata, _ = parts(path)
    wide = {**metadata["architecture"], "embedding_size": 50_000_000}
    network = replace(plain.architecture, embedding_size=50_000_000)
    metadata["architecture"] = wide if fits else metadata["architecture"]
    sparse(path, metadata, network.shapes(plain.vocabulary))
    assert path.stat().st_size > 2e9
    tracemalloc.start()
    try:
        if fits:
            model = describe_model(path)
            assert (model.architecture, model.tensors) == (network, {})
            assert model.parameters > 1e9
        else:
            refused(path, "misfit", tensor="embedding.weight")
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_figure_that_is_not_a_number_is_null(plain, tmp_path, literal):
    path = stored(plain, tmp_path)
    metadata, tensors = parts(path)
    texts = {key: json.dumps(value) for key, value in metadata.items()}
    texts["figures"] = f'{{"dev": {{"all": {{"per_token": {literal}, "poems": 3}}}}}}'
    texts["training"] = f'{{"loss": [{literal}]}}'
    path.write_bytes(serialize(tensors, texts))
    for found in (describe_model(path), load_model(path)):
        assert found.figures == {"dev": {"all": {"per_token": None, "poems": 3}}}
        assert found.training == {"loss": [None]}
    plain.figures["dev"] = {"all": {"per_token": float(literal)}}
    description, _ = parts(stored(plain, tmp_path))
    assert description["figures"] == {"dev": {"all": {"per_token": None}}}


def test_a_file_cut_at_any_length_is_refused(plain_file):
    whole = plain_file.read_bytes()
    header = 8 + struct.unpack("<Q", whole[:8])[0]
    near = {end + step for end in (0, 8, header, len(whole)) for step in range(-3, 4)}
    lengths = near.union(range(0, len(whole), 11)).intersection(range(len(whole)))
    for length in sorted(lengths):
        plain_file.write_bytes(whole[:length])
        refused(plain_file, "incomplete")
    plain_file.write_bytes(whole + b"\0")
    refused(plain_file, "incomplete")


def test_a_newer_format_is_refused_even_when_its_tensors_cannot_be_read(plain_file):
    metadata, tensors = parts(plain_file)
    put(plain_file, {**metadata, "format": FORMAT + 1, "forms": {"unheard": "of"}}, tensors)
    refused(plain_file, "newer", version=FORMAT + 1, newest=FORMAT)
    put_type(plain_file, {"format": FORMAT + 1}, "BF16", 2)
    refused(plain_file, "newer")


@pytest.mark.parametrize("version", [None, "1", "", 1.0, True, 0, -1, [1], "[" * 100_000])
def test_another_safetensors_file_is_refused(plain_file, version):
    _, tensors = parts(plain_file)
    texts = {} if version is None else {"format": json.dumps(version)}
    if isinstance(version, str) and len(version) > 10:
        texts = {"format": version}
    plain_file.write_bytes(serialize(tensors, texts))
    refused(plain_file, "foreign")


@pytest.mark.parametrize(("dtype", "size"), [("BF16", 2), ("F8_E4M3", 1)])
def test_types_numpy_does_not_have_are_refused(plain_file, dtype, size):
    put_type(plain_file, parts(plain_file)[0], dtype, size)
    with pytest.raises(TangyinError) as caught:
        load_model(plain_file)
    # NumPy learns of BF16 where a package that adds it was imported; then the layers are missing.
    assert caught.value.code in ("model.incomplete", "model.damaged")


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("architecture", [{"embedding_size": 3}, [3, 2, 2]]),
        ("vocabulary", ["日月"]),
        *(
            ("vocabulary", [{"hanzi": hanzi, "prefixes": prefixes}])
            for hanzi, prefixes in (("日日", ["<bos>"]), (["日"], ["<bos>"]), ("日月", ["<七律>"]))
        ),
        ("forms", [[], "五律", ["五律", "wulv"]]),
        ("name", [None, ""]),
        ("licence", [3]),
        ("training", [3]),
        ("figures", [[], {"dev": 7}, {"dev": {"all": 7}}]),
    ],
)
def test_an_absurd_description_is_refused(plain_file, key, values):
    metadata, tensors = parts(plain_file)
    without = {name: value for name, value in metadata.items() if name != key}
    for description in (without, *({**metadata, key: value} for value in values)):
        put(plain_file, description, tensors)
        refused(plain_file, "damaged")


@pytest.mark.parametrize(
    ("key", "name", "values"),
    [
        ("architecture", "layers", [10**12, -1, 2.0]),
        ("architecture", "hidden_size", [0, True]),
        ("architecture", "cell", [7]),
        ("architecture", "width", [2]),
        ("architecture", "tied", [False, 1]),
        ("architecture", "place_size", [-1]),
        ("architecture", "layout", [{}]),
        ("vocabulary", "prefixes", [["<bos>"]]),  # without <text>
        ("features", "forms", ["五律", [5]]),
        ("features", "first_lines", [5, [0]]),
        ("features", "columns", [1, 10**9, 8.0]),
        ("features", "rows", [2]),
    ],
)
def test_an_absurd_value_is_refused(rich_file, key, name, values):
    metadata, tensors = parts(rich_file)
    for value in values:
        put(rich_file, {**metadata, key: {**metadata[key], name: value}}, tensors)
        refused(rich_file, "damaged")


def test_a_form_that_is_not_installed_is_named(plain_file):
    metadata, tensors = parts(plain_file)
    put(plain_file, {**metadata, "forms": ["五律", "八行\n詩"]}, tensors)
    refused(plain_file, "unknown_form", form="八行\n詩")


def test_a_description_that_is_not_json_is_refused(plain_file):
    metadata, tensors = parts(plain_file)
    texts = {key: json.dumps(value) for key, value in metadata.items()}
    for broken in ("", "{", "9" * 10_000, "[" * 100_000, "nan"):
        plain_file.write_bytes(serialize(tensors, {**texts, "training": broken}))
        refused(plain_file, "damaged")


def test_what_is_not_a_file_is_refused(tmp_path):
    refused(tmp_path / "none.safetensors", "no_file")
    refused(tmp_path, "unreadable")
    text = ("春眠不覺曉" * 99).encode()
    for content in (b"", text, struct.pack("<Q", 2**64 - 1), struct.pack("<Q", 2) + b"{}"):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(TangyinError) as caught:
            load_model(tmp_path / "other")
        assert caught.value.code in ("model.incomplete", "model.foreign")


@given(st.data())
@SMALL
def test_bytes_and_values_changed_anywhere_are_refused_or_harmless(file, data):
    changed = file.with_name("changed")
    whole = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    changed.write_bytes(whole)
    settled(changed)
    metadata, tensors = parts(file)
    inside: Any = metadata
    key: Any = data.draw(st.sampled_from(sorted(metadata)))
    while isinstance(inside[key], (dict, list)) and inside[key] and data.draw(st.booleans()):
        inside = inside[key]
        key = data.draw(st.sampled_from(list(inside) if isinstance(inside, dict) else [0]))
    inside[key] = data.draw(JSON)
    put(changed, metadata, tensors)
    settled(changed)


@given(data=st.data())
def test_the_library_reads_what_our_writer_writes(data):
    shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)
    names = data.draw(st.lists(st.text("ab.字", min_size=1), unique=True, max_size=5))
    arrays = {
        name: np.arange(np.prod(shape := data.draw(shapes)), dtype=float)
        .reshape(shape)
        .astype(data.draw(st.sampled_from(sorted(DTYPES))))
        .T
        for name in names
    }
    found = deserialize(b"".join(serialized(arrays, {"名": "值"})))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)
