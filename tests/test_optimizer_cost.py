"""The benchmark of what a generation costs, and what is asked of it."""

import pytest

from neurotrain.benchmarks.optimizer_cost import (
    MIRRORED,
    MOST_NORMALS,
    NOT_FOR_MANY,
    Generation,
    format_cost,
    measure_cost,
)
from neurotrain.benchmarks.optimizer_peers import peers
from neurotrain.optimizers import optimizer_class, optimizer_names

# The time of cr-fm-nes is compared with drawing half as many numbers as it has candidates.
MOST = {name: (MOST_NORMALS, 2.2) for name in MIRRORED | {"random-search", "snes", "song"}}
MOST |= {"cr-fm-nes": (1.7, 2.2), "lm-ma-es": (1.6, 2.4), "sep-cma-es": (MOST_NORMALS, 2.2)}


def test_rows_and_table_name_every_optimizer():
    names = [name for name in optimizer_names() if name not in NOT_FOR_MANY]
    rows = measure_cost(names, Generation(50, 8), repeats=1)
    assert [row["variant"] for row in rows] == names
    assert all(row["ratio_to_normals"] > 0 for row in rows)
    lines = format_cost(rows).splitlines()
    assert [line.split()[0] for line in lines[3:]] == names


def test_mirrored_methods_refuse_odd_populations():
    for name in MIRRORED:
        with pytest.raises(ValueError, match="must be even"):
            optimizer_class(name)([0.0], [1.0], seed=1, population_size=5)


# evosax compiles for half a minute; what it warns of in its own code is no concern of ours.
@pytest.mark.nightly
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("library", ["cmaes", "evosax"])
def test_methods_of_other_libraries_are_measured_where_they_are_installed(library):
    pytest.importorskip(library)
    names = [name for name in peers() if name.startswith(library)]
    rows = measure_cost(names, Generation(20, 8), repeats=1)
    assert names and all(row["ratio_of_memory"] is None for row in rows)
    assert " - " in format_cost(rows).splitlines()[-1] + " "


@pytest.mark.nightly
@pytest.mark.parametrize("name", sorted(MOST))
def test_a_generation_costs_little_more_than_its_normal_numbers(name):
    (row,) = measure_cost([name], Generation())
    most_time, most_memory = MOST[name]
    assert row["ratio_to_normals"] <= most_time
    assert row["ratio_of_memory"] < most_memory
