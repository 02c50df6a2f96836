"""Which code made a result. Raise a method's version whenever the same inputs may give another result."""

Method = tuple[str, str]

SERIES = ("series", "2")  # growth, year to date, annual value; 2: a difference of shares does not grow
DERIVED = ("formula", "2")  # 2: as sure and as open as all it reads, of other areas and earlier periods too
DIFFERENCE = ("stated − counted", "1")
TARGET = ("progress", "3")  # completion, schedule, light; 3: a figure from before the baseline is no progress
PACE = ("required pace", "2")  # 2: split by the quarters' own shares of a year, where two whole years tell them
QUALITY = ("quality checks", "1")
PROGRESS_MEASURE = ("progress measure of sdg-build 2.4", "1")
PROJECTION = ("average of structural models", "1")  # docs/projection.md
TASK = ("worst of parts", "3")  # 3: after all targets the last one
ASPECT = ("mean of tasks", "1")
INDEX = ("index", "1")

_ALL = (SERIES, DERIVED, DIFFERENCE, TARGET, PACE, QUALITY, PROGRESS_MEASURE, PROJECTION, TASK, ASPECT, INDEX)
# What stands in a run record: the package's version and each method's.
CODE_VERSION = "0.1.0/" + ".".join(version for _name, version in _ALL)
