"""Checkpoints: what was written comes back, and any damage is recognized."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from short_training import train

import neurotrain as nt
from neurotrain.errors import RunFolderError
from neurotrain.training.checkpoint import (
    DamagedCheckpoint,
    read_checkpoint,
    read_latest_checkpoint,
    write_checkpoint,
)
from neurotrain.training.run_folder import RunFolder

ANY_ARRAY = st.one_of(
    arrays(np.float64, array_shapes(min_dims=0, max_dims=3)),
    arrays(np.int64, array_shapes(min_dims=0, max_dims=2)),
    arrays("U5", array_shapes(min_dims=0, max_dims=1), elements=st.text("abcé", max_size=5)),
)


def write(folder, generation=1, **content):
    return write_checkpoint(folder, generation, content or {"x": np.arange(500.0)})


@settings(max_examples=40)
@given(content=st.dictionaries(st.sampled_from(["a", "optimizer.guess", "ü/x"]), ANY_ARRAY))
def test_what_was_written_comes_back(content, tmp_path_factory):
    path = write_checkpoint(tmp_path_factory.mktemp("run"), 7, content)
    read = read_checkpoint(path)
    assert read.keys() == content.keys() | {"format", "generation"}
    assert read["generation"] == 7
    for name, array in content.items():
        assert read[name].dtype == array.dtype
        assert read[name].shape == array.shape
        assert read[name].tobytes() == array.tobytes()


@settings(max_examples=60)
@given(data=st.data())
def test_any_changed_byte_is_harmless_or_recognized(data, tmp_path_factory):
    path = write(tmp_path_factory.mktemp("run"))
    expected = read_checkpoint(path)
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        read = read_checkpoint(path)
    except RunFolderError as error:
        assert str(path) in str(error)
        return
    # Dates and the like in the zip archive do not matter.
    assert read.keys() == expected.keys()
    assert all(np.array_equal(read[name], expected[name]) for name in expected)


@settings(max_examples=60)
@given(data=st.data())
def test_any_truncation_is_recognized(data, tmp_path_factory):
    path = write(tmp_path_factory.mktemp("run"))
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(RunFolderError, match="damaged or cut short"):
        read_checkpoint(path)


def edit(path, **changes):
    """Write the checkpoint again with other content, as with a script of the user's."""
    with np.load(path) as file:
        content = {**file, **changes}
    with open(path, "wb") as file:
        np.savez(file, **content)


def test_an_edit_is_recognized(tmp_path):
    path = write(tmp_path)
    edit(path)
    assert read_checkpoint(path)["x"].shape == (500,)
    edit(path, x=np.zeros(500))
    with pytest.raises(RunFolderError, match="was changed"):
        read_checkpoint(path)


def test_pickled_content_is_not_loaded(tmp_path):
    path = write(tmp_path)
    edit(path, x=np.array([{"not": "an array"}], dtype=object))
    with pytest.raises(RunFolderError):
        read_checkpoint(path)


def test_the_last_three_are_kept(tmp_path):
    for generation in (5, 10, 15, 20, 1_000_000):
        write(tmp_path, generation)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"checkpoint-{generation:06d}.npz" for generation in (15, 20, 1_000_000)}


def test_the_newest_is_read(tmp_path):
    assert read_latest_checkpoint(tmp_path) is None
    for generation in (999_999, 1_000_000):
        write(tmp_path, generation)
    (tmp_path / "checkpoint-final.npz").write_text("not ours")
    assert read_latest_checkpoint(tmp_path)["generation"] == 1_000_000


@pytest.fixture
def interrupted(tmp_path):
    """Return the folder of a run that was killed in its end, and what it must come to."""
    folder = tmp_path / "run"
    train(folder)
    expected = (folder / "metrics.jsonl").read_bytes(), (folder / "weights.npz").read_bytes()
    (folder / "result.json").unlink()
    (folder / "weights.npz").unlink()
    return folder, expected


def content_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_damaged_checkpoint_costs_only_time(interrupted):
    folder, expected = interrupted
    newest = folder / "checkpoint-000004.npz"
    newest.write_bytes(newest.read_bytes()[:-100])
    with pytest.warns(DamagedCheckpoint, match="000004.*goes on from 'checkpoint-000002.npz'"):
        nt.resume(folder, progress=False)
    assert (
        (folder / "metrics.jsonl").read_bytes(),
        (folder / "weights.npz").read_bytes(),
    ) == expected
    read_checkpoint(newest)


def test_damaged_ones_do_not_count_among_those_that_are_kept(tmp_path):
    """Otherwise a run that writes others than before ends with no intact one but the last."""
    train(tmp_path / "run", generations=13)
    folder = tmp_path / "run"
    (folder / "result.json").unlink()
    (folder / "checkpoint-000012.npz").write_bytes(b"damaged")
    config = folder / "config.toml"
    config.write_text(config.read_text().replace("checkpoint_every = 2", "checkpoint_every = 13"))
    with pytest.warns(DamagedCheckpoint):
        nt.resume(folder, progress=False)
    assert sorted(path.name for path in folder.glob("checkpoint-*")) == [
        "checkpoint-000008.npz",
        "checkpoint-000010.npz",
        "checkpoint-000012.npz.damaged",
        "checkpoint-000013.npz",
    ]


def test_without_an_intact_checkpoint_nothing_is_changed(interrupted):
    folder, _ = interrupted
    for path in folder.glob("checkpoint-*"):
        path.write_bytes(path.read_bytes()[:100])
    before = content_of(folder)
    with pytest.raises(RunFolderError, match="000004.npz' is damaged.*No intact") as caught:
        nt.resume(folder, progress=False)
    assert "\n" not in str(caught.value)
    assert content_of(folder) == before


def test_lost_checkpoints_do_not_cost_the_metrics(interrupted):
    folder, _ = interrupted
    for path in folder.glob("checkpoint-*"):
        path.unlink()
    before = content_of(folder)
    with pytest.raises(RunFolderError, match="lost its checkpoints"):
        nt.resume(folder, progress=False)
    assert content_of(folder) == before


def rewrite(folder, **changes):
    """Put other content into the newest checkpoint, with a digest that agrees."""
    content = read_latest_checkpoint(folder)
    generation = int(content["generation"])
    write_checkpoint(folder, generation, {**content, **changes})


@pytest.mark.parametrize("name", ["optimizer.guess", "best.weights"])
def test_weights_that_are_not_finite_are_refused(name, interrupted):
    folder, _ = interrupted
    weights = read_latest_checkpoint(folder)[name].copy()
    weights[3] = np.nan
    rewrite(folder, **{name: weights})
    before = content_of(folder)
    with pytest.raises(RunFolderError, match=r"run': .*(NaN|finite)") as caught:
        nt.resume(folder, progress=False)
    assert "\n" not in str(caught.value)
    assert content_of(folder) == before


def test_a_checkpoint_of_another_circuit_is_refused(interrupted):
    folder, _ = interrupted
    rewrite(folder, fingerprint=np.array("another"))
    with pytest.raises(RunFolderError, match="another circuit"):
        nt.resume(folder, progress=False)


def test_a_config_for_another_circuit_is_refused(interrupted):
    folder, _ = interrupted
    config = folder / "config.toml"
    config.write_text(config.read_text().replace("stub-4-3", "stub-9-9"))
    with pytest.raises(RunFolderError, match="not the one that was trained"):
        nt.resume(folder, progress=False)


def test_an_interrupted_run_has_no_result(interrupted):
    folder, _ = interrupted
    with pytest.raises(RunFolderError, match="not come to its end; first run: neurotrain resume"):
        nt.Result.load(folder)


def test_a_resumed_run_cannot_be_resumed_twice_at_the_same_time(interrupted):
    folder, _ = interrupted
    with (
        RunFolder(folder).locked(),
        pytest.raises(RunFolderError, match="Another process is training"),
    ):
        nt.resume(folder, progress=False)
    nt.resume(folder, progress=False)


def test_a_run_with_as_many_checkpoints_as_cost_little_goes_on(tmp_path):
    train(tmp_path / "run", checkpoint_every=None)
    weights = (tmp_path / "run" / "weights.npz").read_bytes()
    (tmp_path / "run" / "result.json").unlink()
    nt.resume(tmp_path / "run", progress=False)
    assert (tmp_path / "run" / "weights.npz").read_bytes() == weights


def test_an_intact_checkpoint_gives_no_warning(interrupted):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nt.resume(interrupted[0], progress=False)
