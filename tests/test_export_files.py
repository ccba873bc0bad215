"""Files of Neo blocks: what is read back is what was written, and nothing is lost if it fails."""

import csv
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import neo
import numpy as np
import pytest
import quantities as pq
import scipy.io
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import neurotrain as nt
from neurotrain.export import files, read_block, write_block
from neurotrain.neo_objects import all_objects, plain_annotations

ENDINGS = {".nix": "nixio", ".nwb": "pynwb"}
EPSILON = np.finfo(float).eps
scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**31), 2**31),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1),
)
annotations = st.dictionaries(st.sampled_from(["seed", "label", "note", "rate"]), scalars)


@st.composite
def blocks(draw) -> neo.Block:
    """Whatever this library may export: several kinds, units, silent neurons, odd names."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    block = neo.Block(name="block", description="made up", **draw(annotations))
    block.rec_datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for index in range(draw(st.integers(1, 3))):
        segment = neo.Segment(name=f"trial {index}", index=index, **draw(annotations))
        for neuron in range(draw(st.integers(0, 3))):
            times = np.sort(rng.uniform(-3, 100, draw(st.integers(0, 5))))
            train = neo.SpikeTrain(
                times,
                units=draw(st.sampled_from(["ms", "s"])),
                t_start=-3.0,
                t_stop=100.0,
                name=f"neuron {neuron}",
                array_annotations={"size": rng.normal(size=len(times)) * pq.mV},
                **draw(annotations),
            )
            segment.spiketrains.append(train)
        for name in draw(st.lists(st.sampled_from(["v", "g_e/soma", "v"]), max_size=2)):
            signal = neo.AnalogSignal(
                rng.normal(size=(4, 2)),
                units=draw(st.sampled_from(["mV", "A/m**2", "dimensionless"])),
                sampling_period=draw(st.sampled_from([0.1, 2.0])) * pq.ms,
                t_start=draw(st.sampled_from([0, 5])) * pq.ms,
                name=name,
                array_annotations={"neuron": np.array([4, 7]), "population": np.array(["e", "i"])},
            )
            segment.analogsignals.append(signal)
        if draw(st.booleans()):
            times = np.sort(rng.uniform(0, 9, 3)) * pq.ms
            segment.irregularlysampledsignals.append(
                neo.IrregularlySampledSignal(times, rng.normal(size=(3, 1)), units="nA", name="v")
            )
        for number in range(draw(st.integers(0, 2))):
            times = np.arange(draw(st.integers(1, 3))) * pq.ms
            labels = np.array([f"ä {one}" for one in range(len(times))])
            epoch = neo.Epoch(times, durations=times + 1 * pq.ms, labels=labels, name="periods")
            event = neo.Event(times, labels=labels, name=f"onsets {number}")
            segment.epochs.append(epoch)
            segment.events.append(event)
        block.segments.append(segment)
    trains = [train for segment in block.segments for train in segment.spiketrains]
    block.groups.append(neo.Group(trains[::2], name="some", neurons=3))
    return block


def assert_same(one: neo.Block, other: neo.Block) -> None:
    objects, others = list(all_objects(one)), list(all_objects(other))
    assert [type(a) for a in objects] == [type(b) for b in others]
    for a, b in zip(objects, others, strict=True):
        assert a.name == b.name and plain_annotations(b.annotations) == a.annotations
        assert set(getattr(a, "array_annotations", {})) == set(getattr(b, "array_annotations", {}))
        for name, values in getattr(a, "array_annotations", {}).items():
            np.testing.assert_array_equal(values, b.array_annotations[name])
        if hasattr(a, "units"):
            assert a.units == b.units
            np.testing.assert_allclose(a.magnitude, b.magnitude, rtol=4 * EPSILON, atol=1e-14)
    for a, b in zip(one.segments, other.segments, strict=True):
        assert a.index == b.index
        for kind in ("epochs", "events"):
            for x, y in zip(getattr(a, kind), getattr(b, kind), strict=True):
                assert list(x.labels) == [str(label) for label in y.labels]
        for x, y in zip(a.epochs, b.epochs, strict=True):
            lasting = [one.durations.rescale("ms").magnitude for one in (x, y)]
            np.testing.assert_allclose(*lasting, rtol=1e-9)
        for kind in ("spiketrains", "analogsignals"):
            for x, y in zip(getattr(a, kind), getattr(b, kind), strict=True):
                assert abs(x.t_start - y.t_start) < 1e-12 * pq.ms
                assert abs(x.t_stop - y.t_stop) < 1e-9 * pq.ms
    for a, b in zip(one.groups, other.groups, strict=True):
        assert [t.name for t in a.spiketrains] == [t.name for t in b.spiketrains]


@pytest.mark.parametrize("ending", ENDINGS)
# Without shrinking, which would take minutes with such files.
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(block=blocks())
def test_what_is_read_is_what_was_written(tmp_path_factory, ending, block):
    pytest.importorskip(ENDINGS[ending])
    path = tmp_path_factory.mktemp("written") / f"block{ending}"
    before = [dict(one.annotations) for one in all_objects(block)]
    assert write_block(block, path) == path
    assert [one.annotations for one in all_objects(block)] == before
    assert_same(block, read_block(path))


@pytest.fixture(scope="module")
def block() -> neo.Block:
    block = neo.Block(name="block", an_annotation_with_a_name_that_is_too_long=1)
    for index in range(2):
        segment = neo.Segment(name=f"trial {index}", index=index, label=index)
        for neuron, times in enumerate(([1.5, 2.25], [])):
            train = neo.SpikeTrain(
                times * pq.ms, t_stop=9.0, name=f"n{neuron}", neuron=neuron, population="e"
            )
            segment.spiketrains.append(train)
        block.segments.append(segment)
    return block


@pytest.mark.parametrize("ending", ENDINGS)
def test_neo_itself_reads_the_spike_times(block, tmp_path, ending):
    pytest.importorskip(ENDINGS[ending])
    path = write_block(block, tmp_path / f"block{ending}")
    reader = neo.get_io(str(path), **({"mode": "ro"} if ending == ".nix" else {}))
    (read,) = reader.read_all_blocks()
    for segment, other in zip(block.segments, read.segments, strict=True):
        assert segment.name == other.name
        for train, found in zip(segment.spiketrains, other.spiketrains, strict=True):
            np.testing.assert_allclose(found.rescale("ms").magnitude, train.magnitude, rtol=1e-15)
    reader.close()


def test_nwb_is_valid_and_says_that_it_is_a_simulation(block, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    path = write_block(block, tmp_path / "block.nwb")
    assert not pynwb.validate(path=str(path))
    with pynwb.NWBHDF5IO(str(path), "r") as opened:
        file = opened.read()
        assert "simulation" in file.experiment_description
        assert file.session_start_time.tzinfo is not None
        assert file.trials["label"][:].tolist() == [0, 1]
        assert file.trials["segment"][:].tolist() == ["trial 0", "trial 1"]
        assert set(file.units["population"][:]) == {"e"}


def test_segments_of_one_name_are_refused_for_nwb(tmp_path):
    pytest.importorskip("pynwb")
    block = neo.Block()
    block.segments.extend([neo.Segment(name="same"), neo.Segment(name="same")])
    with pytest.raises(nt.InvalidInput, match="a name of its own"):
        write_block(block, tmp_path / "block.nwb")
    assert not list(tmp_path.iterdir())


def test_a_table_has_a_line_for_each_spike(block, tmp_path):
    with open(write_block(block, tmp_path / "spikes.csv"), newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["segment", "population", "neuron", "time_ms"]
    assert rows[1:] == [
        [f"trial {trial}", "e", "0", time] for trial in range(2) for time in ("1.5", "2.25")
    ]


def test_matlab_gets_names_that_it_can_hold(block, tmp_path):
    path = write_block(block, tmp_path / "block.mat")
    read = scipy.io.loadmat(path, simplify_cells=True)["block"]
    assert read["annotations"] == {"an_annotation_with_a_name_that_": 1}
    train = read["segments"][1]["spiketrains"][0]
    assert train["times"].tolist() == [1.5, 2.25] and train["times_units"] == "ms"
    assert list(block.annotations) == ["an_annotation_with_a_name_that_is_too_long"]


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("spikes.xlsx", nt.InvalidInput, r"\.nix, \.nwb, \.mat, \.csv"),
        ("spikes", nt.InvalidInput, "none of the endings"),
        ("none/spikes.csv", files.ExportFailed, "make it first"),
        ("folder.csv", files.ExportFailed, "is a folder"),
    ],
)
def test_a_path_that_cannot_be_is_refused(block, tmp_path, name, error, said):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(error, match=said):
        write_block(block, tmp_path / name)


def test_a_folder_that_is_read_only_is_refused(block, tmp_path, monkeypatch):
    # For the superuser none is.
    monkeypatch.setattr(files.os, "access", lambda path, mode: False)
    with pytest.raises(files.ExportFailed, match="cannot be written to"):
        write_block(block, tmp_path / "spikes.csv")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_missing_library_is_named(block, tmp_path, monkeypatch, ending):
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    with pytest.raises(nt.InvalidInput, match=r"pip install 'neurotrain\[export\]'"):
        write_block(block, tmp_path / f"block{ending}")


@pytest.mark.parametrize("ending", [".nix", ".nwb", ".mat", ".csv"])
def test_a_full_disk_leaves_the_old_file_and_says_so_once(tmp_path, ending):
    if ending in ENDINGS:
        pytest.importorskip(ENDINGS[ending])
    path = tmp_path / f"block{ending}"
    path.write_text("precious")
    # The limit of a file's size is a full disk that anyone can have.
    script = dedent(f"""
        import resource, signal
        import neo, numpy as np, quantities as pq
        from neurotrain.export import write_block
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        block = neo.Block()
        segment = neo.Segment(name="trial 0")
        times = np.arange(50_000) * pq.ms
        signal = np.random.default_rng(0).normal(size=(50_000, 1))
        segment.spiketrains.append(neo.SpikeTrain(times, t_stop=times[-1]))
        segment.analogsignals.append(
            neo.AnalogSignal(signal, units="mV", sampling_period=1 * pq.ms, name="v")
        )
        block.segments.append(segment)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write_block(block, {str(path)!r})
        except Exception as error:
            print(type(error).__name__, error)
    """)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ran.stderr == ""
    assert ran.stdout == f"ExportFailed '{path}' could not be written: File too large.\n"
    assert path.read_text() == "precious" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("content", [b"", b"not one", "half"])
def test_a_damaged_file_is_named(block, tmp_path, ending, content):
    pytest.importorskip(ENDINGS[ending])
    path = tmp_path / f"block{ending}"
    if content == "half":
        content = write_block(block, path).read_bytes()
        content = content[: len(content) // 2]
    path.write_bytes(content)
    with pytest.raises(files.ExportFailed, match=f"block{ending}' could not be read"):
        read_block(path)


def test_a_missing_file_and_an_unknown_ending_are_named(tmp_path):
    pytest.importorskip("nixio")
    with pytest.raises(files.ExportFailed, match="There is no file"):
        read_block(tmp_path / "none.nix")
    with pytest.raises(nt.InvalidInput, match="none of the endings"):
        read_block(Path("spikes.csv"))
