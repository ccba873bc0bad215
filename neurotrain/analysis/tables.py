"""What figures show, as tables for other programs."""

import csv
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from neurotrain.atomic import write_all

# Columns by their names, all of one length.
Table = Mapping[str, np.ndarray]


def write_csvs(tables: Mapping[str, Table], folder: Path) -> list[Path]:
    """Write ``{name}.csv`` of each table into `folder`, with a header; NaN is an empty cell.

    Numbers are written so that reading them gives the same bits.

    Raises
    ------
    RunFolderError
        If the folder cannot be made or written to.
    """
    texts = {f"{name}.csv": _as_csv(table).encode() for name, table in tables.items()}
    return write_all(folder, texts, "Tables")


def _as_csv(table: Table) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    columns = [np.asarray(column).tolist() for column in table.values()]
    writer.writerows([_cell(value) for value in row] for row in zip(*columns, strict=True))
    return text.getvalue()


def _cell(value: Any) -> Any:
    return "" if isinstance(value, float) and np.isnan(value) else value
