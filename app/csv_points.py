"""From an uploaded table to points: what the user's file holds, and the points of three of its columns.

People upload what their spreadsheet saved: with semicolons and decimal commas, in UTF-16, without a header, with a
blank line at the end. All that is read as meant. What cannot be read is refused with the row and the column at fault
and what to do about it, never read as something else: no row is left out, no value is guessed.

Rows are counted as lines of the file, the first is 1; a row whose cells hold line breaks is counted by its first line.
The work is linear in the size of the file, and the size is limited.
"""

import codecs
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from app.schema import Invalid, Problem
from engine.own import EDGE, MAX_CLASSES, MAX_POINTS

MAX_BYTES = 2**20
MAX_ROWS = MAX_POINTS
MAX_COLUMNS = 64
MAX_CELL = 1000
MAX_LINES = 10 * MAX_ROWS
"""A file of more lines, blank ones included, is refused unread."""

MAX_PROBLEMS = 5
PREVIEW_ROWS = 8
SHOWN = 40
"""Characters of a cell or name that are shown."""

SCALED = 5.0
"""Points that do not fit into the plane are scaled to -SCALED … SCALED along both axes."""

DELIMITERS = ("\t", ";", "|", ",", " ")
"""Where two fit equally well, the first is meant: a comma may stand inside of numbers, a blank nearly anywhere."""

SAMPLE_ROWS = 50
SAMPLE_CHARACTERS = 2**16

BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
ENCODINGS = {"utf-8": "UTF-8", "utf-16-le": "UTF-16 LE", "utf-16-be": "UTF-16 BE"}

SEPARATOR = re.compile(r'"?sep=([,;\t| ])"?[ ;,]*(?:\r\n|\r|\n)', re.IGNORECASE)
LINE_END = re.compile(r"\r\n|\r|\n")
POINT_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
COMMA_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*|,\d+)?|[.,]\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
BROKEN = re.compile(r"[\d.]+[\s,;|].*|.*[\s,;|][\d.]+", re.ASCII)
"""What cells look like that a wrong delimiter has cut: a number, then another delimiter, or the other way round."""
NO_NAME = re.compile(r"[=@].+|[+-]?[.,]?\d[\d_.,' ]*|0x\w+|[+-]?(?:nan|inf|infinity)|n/?a|null|none|[?-]", re.I)
"""What stands in the first row for a missing or mistaken value rather than as the name of a column of numbers."""

LABEL_NAMES = frozenset("label labels class classes target category group species type 标签 类别 分类 类".split())
AXIS_NAMES = (("x", "y"), ("x1", "x2"), ("x₁", "x₂"), ("x_1", "x_2"))
INDEX_NAMES = frozenset(("id", "index", "no", "no.", "nr", "#", "row", "unnamed: 0", "序号", "编号"))


@dataclass(frozen=True)
class Table:
    """The rows of a file below its header, every one with a cell for every column. ``lines`` is where rows begin."""

    names: list[str]
    unnamed: frozenset[int]
    header: bool
    rows: list[list[str]]
    lines: list[int]
    delimiter: str
    encoding: str

    def number(self, cell: str) -> float | None:
        """The number that a cell holds, if it is one."""
        return _number(cell, self.delimiter)

    def column(self, position: int) -> list[str]:
        return [row[position] for row in self.rows]


def preview(data: bytes) -> dict[str, Any]:
    """What a file holds, for the user to choose two columns of numbers and one of classes.

    - ``columns``: of each, its ``name``, whether it is ``numeric`` and the number of its different values
      (``classes``, counted up to 7). A column counts as numeric if at least half of its values are numbers, so that
      one mistake does not keep the user from choosing it and hearing of the mistake.
    - ``rows``: the first 8 below the header, cells cut to 40 characters; ``count``: how many there are
    - ``delimiter`` (a blank stands for runs of blanks), ``encoding``
    - ``header``: whether the first row names the columns; otherwise they are "column 1", "column 2", …
    - ``suggested``: positions of the columns that are probably meant as ``x``, ``y`` and ``label``, or None

    Raises Invalid for files that are no table, or too large.
    """
    table = _read(data)
    columns = []
    for position, name in enumerate(table.names):
        cells = [cell for cell in table.column(position) if cell]
        numbers = [number for cell in cells if (number := table.number(cell)) is not None]
        different = set(numbers) if len(numbers) == len(cells) else set(cells)
        numeric = 0 < len(cells) <= 2 * len(numbers)
        columns.append({"name": name, "numeric": numeric, "classes": min(len(different), MAX_CLASSES + 1)})
    return {
        "columns": columns,
        "rows": [[_cut(cell) for cell in row] for row in table.rows[:PREVIEW_ROWS]],
        "count": len(table.rows),
        "delimiter": table.delimiter,
        "encoding": ENCODINGS[table.encoding],
        "header": table.header,
        "suggested": _suggested(columns, table.unnamed),
    }


def points(data: bytes, x: int, y: int, label: int) -> dict[str, Any]:
    """The points of a file whose columns ``x`` and ``y`` (counted from 0) hold numbers and ``label`` classes.

    - ``points``: ``[x1, x2, class]`` of every row, in the plane. Points that all lie in it stay where they are;
      otherwise both axes are scaled, each by itself, so that they range from -5 to 5 (``scaled``).
    - ``classes``: their names, in the order of their numbers. Where all are numbers they are sorted as such, and equal
      ones are one class ("1" and "1.0"); otherwise they are numbered as they appear, so that rows added below change
      no class.
    - ``ranges``: the smallest and the largest value of ``x`` and of ``y`` in the file

    Raises Invalid with the first few cells that are missing, no numbers, or formulas; for one class or more than six.
    """
    table = _read(data)
    _check_columns(table, (x, y, label))
    rows: list[tuple[float, float, str]] = []
    problems: list[Problem] = []
    for line, row in zip(table.lines, table.rows, strict=True):
        first, second = table.number(row[x]), table.number(row[y])
        if first is None:
            problems.append(_bad_cell(table, line, x, row[x]))
        if second is None:
            problems.append(_bad_cell(table, line, y, row[y]))
        if not row[label] or _is_formula(row[label]):
            problems.append(_bad_cell(table, line, label, row[label]))
        if len(problems) >= MAX_PROBLEMS:
            break
        if first is not None and second is not None:
            rows.append((first, second, row[label]))
    if problems:
        raise Invalid(*problems[:MAX_PROBLEMS])
    horizontal, vertical, labels = map(list, zip(*rows, strict=True))
    numbered, names = _classes(table, label, labels)
    ranges = {"x": [min(horizontal), max(horizontal)], "y": [min(vertical), max(vertical)]}
    scaled = any(abs(end) > EDGE for ends in ranges.values() for end in ends)
    if scaled:
        horizontal, vertical = _scale(horizontal), _scale(vertical)
    found = [list(point) for point in zip(horizontal, vertical, numbered, strict=True)]
    return {"points": found, "classes": names, "scaled": scaled, "ranges": ranges}


# ---- from bytes to rows ----


def _read(data: bytes) -> Table:
    """The table in a file. Raises Invalid."""
    if len(data) > MAX_BYTES:
        raise Invalid(_problem("csv_too_large", size=len(data), limit=MAX_BYTES))
    text, encoding = _decode(data)
    text = _without_blank_end(text)
    if "\0" in text:
        raise Invalid(_problem("csv_nul", row=_row_of(text[: text.index("\0")])))
    line_count = _row_of(text)
    if line_count > MAX_LINES:
        raise Invalid(_problem("csv_too_many_rows", rows=line_count, limit=MAX_ROWS))
    separator = SEPARATOR.match(text)
    body = text[separator.end() :] if separator else text
    if not "".join(body.split()).strip('",;|'):
        raise Invalid(_problem("csv_empty"))
    delimiter = separator[1] if separator else _guess_delimiter(body)
    lines, rows = _parse(body, delimiter, 2 if separator else 1)
    header = _has_header(rows, delimiter)
    count = len(rows) - header
    if count > MAX_ROWS:
        raise Invalid(_problem("csv_too_many_rows", rows=count, limit=MAX_ROWS))
    width = _check_shape(lines, rows)
    rows = [[" ".join(cell.split()) for cell in row[:width]] for row in rows]
    names, unnamed = _names(rows[0] if header else [""] * width)
    if count == 0:
        raise Invalid(_problem("csv_no_rows", row=lines[0]))
    return Table(names, unnamed, header, rows[header:], lines[header:], delimiter, encoding)


def _decode(data: bytes) -> tuple[str, str]:
    """The text of a file and its encoding: what its byte order mark says, otherwise UTF-16 if plainly so, or UTF-8."""
    bom, encoding = next((entry for entry in BOMS if data.startswith(entry[0])), (b"", ""))
    if not bom:
        encoding = _guess_utf16(data) or "utf-8"
    try:
        return data[len(bom) :].decode(encoding), encoding
    except UnicodeDecodeError as error:
        before = data[len(bom) : len(bom) + error.start].decode(encoding)
        where = {"position": len(bom) + error.start + 1, "row": _row_of(before)}
        raise Invalid(_problem("csv_encoding", **where, encoding=ENCODINGS[encoding])) from None


def _guess_utf16(data: bytes) -> str | None:
    """Digits, delimiters and line ends of UTF-16 have a zero byte each, always on the same side; other characters
    hardly ever have one."""
    first, second = data[::2].count(0), data[1::2].count(0)
    for encoding, zeros, others in (("utf-16-le", second, first), ("utf-16-be", first, second)):
        if zeros * 8 >= len(data) > 0 and zeros >= 8 * others:
            try:
                data.decode(encoding)
            except UnicodeDecodeError:
                continue
            return encoding
    return None


def _without_blank_end(text: str) -> str:
    """The text up to the end of the last line that is not blank. Blanks on that line stay: they may be empty cells."""
    content = text.rstrip()
    end = LINE_END.search(text, len(content))
    return text[: end.start()] if end else text


def _row_of(before: str) -> int:
    """The line, counted from 1, on which the text after ``before`` goes on."""
    return 1 + before.count("\n") + before.count("\r") - before.count("\r\n")


def _records(text: str, delimiter: str, more: Sequence[str] = ()) -> Any:
    """The reader of a text, followed by further lines."""
    if delimiter == " ":
        text = text.replace("\t", " ")
    # Blanks after a delimiter are skipped, so runs of blanks count as one.
    return csv.reader(chain(io.StringIO(text, newline=""), more), delimiter=delimiter, skipinitialspace=True)


def _parse(text: str, delimiter: str, line: int) -> tuple[list[int], list[list[str]]]:
    """The rows that are not blank, and the lines on which they begin. Of too many rows only the number is right."""
    lines: list[int] = []
    rows: list[list[str]] = []
    start = line
    row: list[str] = []
    # A last line of our own: if it becomes part of a cell, a quotation mark before it was not closed.
    reader = _records(text, delimiter, ["\0"])
    try:
        for row in reader:
            if row and "".join(row).strip():
                lines.append(start)
                rows.append(row if len(rows) <= MAX_ROWS + 1 else [])
            if row != ["\0"]:
                start, last = line + reader.line_num, start
    except csv.Error:  # a cell above csv's own limit
        raise Invalid(_problem("csv_long_cell", row=start, limit=MAX_CELL)) from None
    if row != ["\0"]:
        raise Invalid(_problem("csv_quotes", row=last))
    return lines[:-1], rows[:-1]


def _check_shape(lines: list[int], rows: list[list[str]]) -> int:
    """The number of columns. Empty cells at the end of rows do not count where no row has a value there.

    Raises Invalid for cells that are too long, too many or too few columns, and rows of another length.
    """
    for line, row in zip(lines, rows, strict=True):
        if len(max(row, key=len)) > MAX_CELL:
            raise Invalid(_problem("csv_long_cell", row=line, limit=MAX_CELL))
    used = [_used(row) for row in rows]
    usual = Counter(map(len, rows)).most_common(1)[0][0]
    width = max((count for count in used if count <= usual), default=usual)
    if width > MAX_COLUMNS:
        raise Invalid(_problem("csv_too_many_columns", columns=width, limit=MAX_COLUMNS))
    if width < 3:
        raise Invalid(_problem("csv_few_columns", columns=width))
    ragged = (
        _problem("csv_ragged", row=line, cells=count if count > width else len(row), columns=width)
        for line, row, count in zip(lines, rows, used, strict=True)
        if count > width or len(row) < width
    )
    if found := list(islice(ragged, MAX_PROBLEMS)):
        raise Invalid(*found)
    return width


def _used(row: list[str]) -> int:
    """Cells of a row up to the last that is not blank."""
    cells = "\0".join(row).rstrip("\0 \t\r\n\xa0")
    return cells.count("\0") + 1 if cells else 0


def _guess_delimiter(text: str) -> str:
    """The delimiter that makes most columns of numbers in most rows; see `DELIMITERS`."""
    content = len(text) - len(text.lstrip())
    start = max(text.rfind("\n", 0, content), text.rfind("\r", 0, content)) + 1
    sample = text[start : start + SAMPLE_CHARACTERS]
    if start + len(sample) < len(text):  # the last line may be cut
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r"), 0)] or sample

    def fit(delimiter: str) -> tuple[float, float, float]:
        filled = (row for row in _records(sample, delimiter) if "".join(row).strip())
        rows = list(islice(filled, SAMPLE_ROWS))
        width, count = max(Counter(map(len, rows)).most_common(1), default=(1, 0))
        if width == 1:
            return 0, 0, 0
        share = count / len(rows)
        numeric, broken = 0, 0
        body = [row[:MAX_COLUMNS] for row in (rows[1:] or rows) if len(row) == width]
        for cells in zip(*body, strict=True):
            given = [cell.strip() for cell in cells if cell.strip()]
            numbers = sum(_number(cell, delimiter) is not None for cell in given)
            numeric += 0 < len(given) <= 2 * numbers
            broken += any(_number(cell, delimiter) is None and BROKEN.fullmatch(cell) for cell in given)
        return share * numeric, -share * broken, share

    try:
        return max(DELIMITERS, key=fit)
    except csv.Error:
        return ","


def _number(cell: str, delimiter: str) -> float | None:
    """A number as people and programs write it; with a decimal comma only where the comma is not the delimiter."""
    pattern = POINT_NUMBER if delimiter == "," else COMMA_NUMBER
    if not pattern.fullmatch(cell):
        return None
    number = float(cell.replace(",", "."))
    return number if math.isfinite(number) else None


def _has_header(rows: list[list[str]], delimiter: str) -> bool:
    """Whether the first row names the columns: in most columns of numbers it has none, and what it has could be a
    name. Where no column has numbers, whether it has none either."""
    first, *rest = ([cell.strip() for cell in row[:MAX_COLUMNS]] for row in rows[:SAMPLE_ROWS])
    kinds = [_number(cell, delimiter) is not None for cell in first]
    columns = names = numbers = 0
    for place in range(len(first)):
        given = [row[place] for row in rest if place < len(row) and row[place]]
        if 0 < len(given) <= 2 * sum(_number(cell, delimiter) is not None for cell in given):
            columns += 1
            numbers += kinds[place]
            names += bool(first[place]) and not kinds[place] and not NO_NAME.fullmatch(first[place])
    return names > numbers if columns else not any(kinds)


def _names(header: list[str]) -> tuple[list[str], frozenset[int]]:
    """A name for every column, no two alike, and which columns had none."""
    names: list[str] = []
    for place, cell in enumerate(header):
        name = _cut(cell) or f"column {place + 1}"
        variants: Iterator[str] = chain([name], (f"{name} ({number})" for number in range(2, MAX_COLUMNS + 2)))
        names.append(next(variant for variant in variants if variant not in names))
    return names, frozenset(place for place, cell in enumerate(header) if not cell)


# ---- from rows to points ----


def _check_columns(table: Table, chosen: tuple[int, int, int]) -> None:
    wrong = [position for position in chosen if not 0 <= position < len(table.names)]
    if wrong:
        figures = {"column": wrong[0] + 1, "columns": len(table.names)}
        raise Invalid(_problem("csv_no_such_column", **figures))
    position, times = Counter(chosen).most_common(1)[0]
    if times > 1:
        raise Invalid(_problem("csv_column_twice", column=table.names[position]))


def _bad_cell(table: Table, line: int, position: int, cell: str) -> Problem:
    where = {"row": line, "column": table.names[position]}
    if not cell:
        return _problem("csv_missing", **where)
    return _problem("csv_formula" if _is_formula(cell) else "csv_not_number", **where, value=_cut(cell))


def _is_formula(cell: str) -> bool:
    """Whether a spreadsheet would take the cell for a formula; a lone sign may be the name of a class."""
    return len(cell) > 1 and cell[0] in "=@"


def _classes(table: Table, position: int, labels: Sequence[str]) -> tuple[list[int], list[str]]:
    """The number of every row's class, and the names of the classes. Raises Invalid unless there are 2 to 6."""
    numbers = [table.number(label) for label in labels]
    keys: Sequence[Any] = labels if None in numbers else numbers
    spelled: dict[Any, str] = {}
    for key, label in zip(keys, labels, strict=True):
        spelled.setdefault(key, label)
    column = table.names[position]
    if len(spelled) > MAX_CLASSES:
        raise Invalid(_problem("csv_too_many_classes", column=column, count=len(spelled), limit=MAX_CLASSES))
    if len(spelled) == 1:
        raise Invalid(_problem("csv_one_class", column=column, value=_cut(labels[0])))
    order = list(spelled) if None in numbers else sorted(spelled)
    return [order.index(key) for key in keys], [_cut(spelled[key]) for key in order]


def _scale(values: Sequence[float]) -> list[float]:
    """Values as they lie between the smallest (-SCALED) and the largest (SCALED); 0 where all are equal."""
    if math.isinf(max(values) - min(values)):
        values = [value / 2 for value in values]
    low, span = min(values), max(values) - min(values)
    return [2 * SCALED * ((value - low) / span) - SCALED if span else 0.0 for value in values]


def _suggested(columns: list[dict[str, Any]], unnamed: frozenset[int]) -> dict[str, int | None]:
    """The columns that are probably meant: classes have 2 to 6 values, and rather a telling name, text, a late place;
    coordinates are called so, or are the first columns of numbers that do not merely count the rows."""
    names = [column["name"].lower() for column in columns]
    numeric = [place for place, column in enumerate(columns) if column["numeric"]]
    pairs = ([names.index(name) for name in pair if name in names] for pair in AXIS_NAMES)
    axes = next((pair for pair in pairs if len(pair) == 2 and set(pair) <= set(numeric)), [])
    label = max(
        (place for place, column in enumerate(columns) if 2 <= column["classes"] <= MAX_CLASSES and place not in axes),
        key=lambda place: (names[place] in LABEL_NAMES, not columns[place]["numeric"], place),
        default=None,
    )
    counting = {place for place in numeric if names[place] in INDEX_NAMES or place in unnamed}
    others = sorted(set(numeric) - {label}, key=lambda place: (place in counting, place))
    x, y, *_ = axes or list[int | None]([*others, None, None])
    return {"x": x, "y": y, "label": label}


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _problem(code: str, /, **params: Any) -> Problem:
    return Problem((), code, params)
