"""Published short series to learn from and to be measured on, read in place: they are not part of this project.

The yearly and quarterly series of the M3 competition (Makridakis and Hibon 2000), and the provinces' R&D figures of the China
Statistical Yearbook on Science and Technology, 2010–2023.
"""

import csv
import gzip
import os
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(os.environ.get("SHARED_CASES") or Path(__file__).resolve().parents[3] / "shared" / "cases")
# Periods a year and the competition's horizon.
FREQUENCIES = {"yearly": (1, 6), "quarterly": (4, 8)}
SHORTEST = 8


@dataclass(frozen=True)
class Case:
    """``scale``: the mean absolute error of the seasonal naive forecast inside the training part, by which MASE and MSIS divide."""

    name: str
    training: np.ndarray
    held_out: np.ndarray
    scale: float


def load_m3(frequency: str) -> list[Case]:
    parts: dict[str, dict[str, list[float]]] = defaultdict(lambda: {"train": [], "test": []})
    with gzip.open(_find(f"m3_series/M3_{frequency}_long.csv.gz"), "rt", newline="") as file:
        for row in csv.DictReader(file):
            parts[row["series"]]["train" if row["part"] == "train" else "test"].append(float(row["value"]))
    lag = FREQUENCIES[frequency][0]
    return [_make_case(name, part["train"], part["test"], lag) for name, part in sorted(parts.items())]


def load_sums_of_quarters() -> list[Case]:
    """Years of the quarterly series' training parts, counted back from their end; eight at least. What is held out of them stays so."""
    found = []
    for case in load_m3("quarterly"):
        years = case.training[len(case.training) % 4 :].reshape(-1, 4).sum(axis=1)
        if len(years) >= SHORTEST:
            found.append(_make_case(case.name, list(years), [], 1))
    return found


def load_provinces() -> list[Case]:
    """All for training; whole years without a gap, positive, eight at least. What is missing or misread in the source is left out."""
    with _find("china_provinces_rd/panel_wide.csv").open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["province"], row["year"]))
    values: dict[str, dict[int, float]] = defaultdict(dict)
    for row in rows:
        for name, value in row.items():
            if name not in ("province", "year") and value:
                values[f"{row['province']} {name}"][int(row["year"])] = float(value)
    return [_make_case(name, list(series.values()), [], 1) for name, series in sorted(values.items()) if _is_whole(series)]


def _is_whole(series: dict[int, float]) -> bool:
    return len(series) >= SHORTEST and max(series) - min(series) == len(series) - 1 and min(series.values()) > 0


def _make_case(name: str, training: list[float], held_out: list[float], lag: int) -> Case:
    past = np.array(training)
    return Case(name, past, np.array(held_out), float(np.abs(past[lag:] - past[:-lag]).mean()))


def _find(name: str) -> Path:
    path = FOLDER / name
    if not path.is_file():
        sys.exit(f"The published series are not there: {path} is missing. Put the folder beside the checkout, or set SHARED_CASES.")
    return path
