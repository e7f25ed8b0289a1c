"""Uploaded tables: what spreadsheets and programs write is read as meant, and what cannot be read is explained."""

import ast
import csv
import io
import math
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import app
from app import csv_points
from app.csv_points import MAX_BYTES, points, preview
from app.i18n import LANGUAGES, PLACEHOLDER, strings
from app.schema import Invalid, Problem
from engine.own import encode

QUICK = settings(deadline=None)
XYL = {"x": 0, "y": 1, "label": 2}


def problems(data: bytes, x: int = 0, y: int = 1, label: int = 2) -> tuple[Problem, ...]:
    """What is wrong with a file; what the preview refuses, the points refuse for the same reasons."""
    found: tuple[Problem, ...] = ()
    try:
        preview(data)
    except Invalid as error:
        found = error.problems
    try:
        points(data, x, y, label)
    except Invalid as error:
        assert not found or error.problems == found
        return error.problems
    raise AssertionError(f"accepted: {data[:60]!r}")


def read(text: str | bytes) -> list[list[float]]:
    """The points of a file in its suggested columns."""
    data = text.encode() if isinstance(text, str) else text
    suggested = preview(data)["suggested"]
    assert None not in suggested.values()
    found: list[list[float]] = points(data, **suggested)["points"]
    return found


# ---- what passes ----

THREE = [[1.5, 2.5, 0], [3.0, -4.0, 1], [-0.5, 0.25, 0]]
TABLE = "x,y,label\n1.5,2.5,a\n3,-4,b\n-.5,.25,a\n"

SAME: dict[str, str | bytes] = {
    "plain": TABLE,
    "no line end at the end": TABLE.rstrip(),
    "CRLF": TABLE.replace("\n", "\r\n"),
    "CR": TABLE.replace("\n", "\r"),
    "mixed line ends": "x,y,label\r\n1.5,2.5,a\n3,-4,b\r-.5,.25,a",
    "blank lines at the end": TABLE + "\n\n  \n\t\n",
    "blank lines before and between": "\n\n" + TABLE.replace("\n", "\n\n"),
    "rows of empty cells, as Excel leaves them": TABLE + ",,\n,,\n",
    "empty columns, as Excel leaves them": TABLE.replace("\n", ",,\n"),
    "a delimiter at the end of the rows below the header": "x,y,label\n1.5,2.5,a,\n3,-4,b,\n-.5,.25,a,\n",
    "semicolons": TABLE.replace(",", ";"),
    "tabs": TABLE.replace(",", "\t"),
    "bars": TABLE.replace(",", "|"),
    "blanks": TABLE.replace(",", " "),
    "runs of blanks": "x      y      label\n 1.5   2.5   a\n 3    -4     b\n-.5    .25   a   \n",
    "blanks and tabs": "x \t y label\n1.5\t\t2.5 a\n3 \t-4 b\n-.5 .25 \ta\n",
    "blanks around cells": TABLE.replace(",", " , "),
    "blanks after commas": TABLE.replace(",", ", "),
    "semicolons and decimal commas": TABLE.replace(",", ";").replace(".", ","),
    "tabs and decimal commas": TABLE.replace(",", "\t").replace(".", ","),
    "blanks and decimal commas": TABLE.replace(",", " ").replace(".", ","),
    "blanks and decimal commas, the class between": "1,5 a 2,5\n3,0 b -4,0\n-0,5 a 0,25\n",
    "decimal commas and points in one file": "x;y;label\n1,5;2.5;a\n3;-4;b\n-,5;.25;a\n",
    "sep=;": "sep=;\n" + TABLE.replace(",", ";").replace(".", ","),
    "SEP=, in quotes": '"SEP=,"\r\n' + TABLE,
    "sep=tab": "sep=\t\n" + TABLE.replace(",", "\t"),
    "everything quoted": '"x","y","label"\n"1.5","2.5","a"\n"3","-4","b"\n"-.5",".25","a"\n',
    "quoted after blanks": '"x", "y", "label"\n1.5, 2.5, "a"\n3, -4, "b" \n-.5, .25 , "a"\n',
    "no header": "1.5,2.5,a\n3,-4,b\n-.5,.25,a\n",
    "no header, numbers as classes": "1.5,2.5,0\n3,-4,1\n-.5,.25,0\n",
    "numbers as people write them": "x,y,label\n+1.5,25e-1,a\n3.,-4.0E+0,b\n-5e-1, 0.25 ,a\n",
    "UTF-8 with a byte order mark": b"\xef\xbb\xbf" + TABLE.encode(),
    "UTF-16 LE with a byte order mark": b"\xff\xfe" + TABLE.encode("utf-16-le"),
    "UTF-16 BE with a byte order mark": b"\xfe\xff" + TABLE.encode("utf-16-be"),
    "UTF-16 LE": TABLE.encode("utf-16-le"),
    "UTF-16 BE": TABLE.encode("utf-16-be"),
    "Excel's Unicode text": b"\xff\xfe" + TABLE.replace(",", "\t").replace("\n", "\r\n").encode("utf-16-le"),
    "sep after a byte order mark": b"\xef\xbb\xbfsep=;\r\n" + TABLE.replace(",", ";").encode(),
    "Chinese and emoji": "横坐标,纵坐标,标签\n1.5,2.5,红\n3,-4,🌲👩‍👩‍👧\n-.5,.25,红\n",
    "Chinese in UTF-16 LE, where 一 has a zero byte too": "横,纵,类\n1.5,2.5,一\n3,-4,二\n-.5,.25,一\n".encode(
        "utf-16-le"
    ),
    "delimiters, quotes and line breaks in classes": 'x,y,label\n1.5,2.5,"a, ""b"";\n\tc"\n3,-4,5" pipe\n'
    '-.5,.25,"a, ""b"";\r\n\tc"\n',
    "a column of row numbers, as pandas writes it": ",x,y,label\n0,1.5,2.5,a\n1,3,-4,b\n2,-.5,.25,a\n",
    "row numbers and names of its own": ",a,b,c\n0,1.5,2.5,u\n1,3,-4,v\n2,-.5,.25,u\n",
    "a column called class beside one of text": "u,v,class,note\n1.5,2.5,1,n\n3,-4,2,n\n-.5,.25,1,m\n",
    "row numbers and other columns": "id,note,a,b,c\n7,,1.5,2.5,u\n8,,3,-4,v\n9,hello,-.5,.25,u\n",
    "the label first": "species,width,height\na,1.5,2.5\nb,3,-4\na,-.5,.25\n",
    "x1, x2, y": "y,x1,x2\n-1,1.5,2.5\n1,3,-4\n-1,-.5,.25\n",
    "a name that is a year": "x,y,label,2019\n1.5,2.5,a,7\n3,-4,b,8\n-.5,.25,a,9\n",
    "names that begin with digits": "1st,2nd,kind\n1.5,2.5,a\n3,-4,b\n-.5,.25,a\n",
    "equal names": "x,x,x\n1.5,2.5,a\n3,-4,b\n-.5,.25,a\n",
}


@pytest.mark.parametrize("data", SAME.values(), ids=SAME)
def test_one_table_in_many_forms(data: str | bytes) -> None:
    assert read(data) == THREE


def test_the_preview_in_full() -> None:
    assert preview("\ufeffx;width;;kind;x\n1,5;2;;a;7\n3;oak;;b;7\n".encode()) == {
        "columns": [
            {"name": "x", "numeric": True, "classes": 2},
            {"name": "width", "numeric": True, "classes": 2},
            {"name": "column 3", "numeric": False, "classes": 0},
            {"name": "kind", "numeric": False, "classes": 2},
            {"name": "x (2)", "numeric": True, "classes": 1},
        ],
        "rows": [["1,5", "2", "", "a", "7"], ["3", "oak", "", "b", "7"]],
        "count": 2,
        "delimiter": ";",
        "encoding": "UTF-8",
        "header": True,
        "suggested": {"x": 0, "y": 1, "label": 3},
    }


def test_without_a_header_columns_are_numbered_and_the_first_row_is_data() -> None:
    found = preview(b"1,2,a\n3,4,b\n")
    assert not found["header"] and found["count"] == 2
    assert [column["name"] for column in found["columns"]] == ["column 1", "column 2", "column 3"]


@pytest.mark.parametrize("first", ["nan,nan,a", "1_000,0x10,a", ",,a", "abc,2,a", "=A1,=B1,a", "NA,?,a"])
def test_a_bad_first_row_is_not_taken_for_a_header(first: str) -> None:
    data = (first + "\n1,2,a\n3,4,b\n").encode()
    assert not preview(data)["header"]
    assert problems(data)[0].params["row"] == 1


def test_nothing_is_suggested_where_nothing_fits() -> None:
    assert preview(b"a,b,c\nx,y,z\n")["suggested"] == {"x": None, "y": None, "label": None}


def test_long_cells_are_cut_and_eight_rows_shown() -> None:
    found = preview(("x,y," + "n" * 50 + "\n" + f"1,2,{'c' * 900}\n" * 9).encode())
    assert found["count"] == 9 and len(found["rows"]) == 8
    assert found["rows"][0][2] == "c" * 39 + "…" and found["columns"][2]["name"] == "n" * 39 + "…"


def test_equal_names_are_told_apart() -> None:
    names = [column["name"] for column in preview(b"x,x (2),x,x,,column 5\n1,2,3,4,5,a\n")["columns"]]
    assert names == ["x", "x (2)", "x (3)", "x (4)", "column 5", "column 5 (2)"]


def test_classes_are_numbered_as_they_appear_and_numbers_by_size() -> None:
    def classes(*labels: str) -> Any:
        return points("".join(f"1,2,{label}\n" for label in labels).encode(), **XYL)

    assert classes("pear", "Apple", "pear", "10")["classes"] == ["pear", "Apple", "10"]
    assert classes("10", "9", "-1", "9.0", "+10")["classes"] == ["-1", "9", "10"]
    assert [row[2] for row in classes("10", "9", "-1", "9.0", "+10")["points"]] == [2, 1, 0, 1, 2]
    assert classes("+", "-", "=", "@")["classes"] == ["+", "-", "=", "@"]


def test_the_preview_counts_classes_as_the_points_have_them() -> None:
    assert [column["classes"] for column in preview(b"1,1,1\n1.0,1.0,a\n2,+1,1.0\n")["columns"]] == [2, 1, 3]


def test_six_classes_and_2000_rows_pass() -> None:
    data = "x,y,l\n" + "".join(f"{row / 1000},{-row / 1000},{row % 6}\n" for row in range(2000))
    found = points(data.encode(), **XYL)
    assert len(found["points"]) == 2000 and len(found["classes"]) == 6 and preview(data.encode())["count"] == 2000


def test_points_in_the_plane_stay_and_others_are_scaled_axis_by_axis() -> None:
    inside = points(b"-6,6,a\n0.1,0,b\n", **XYL)
    assert inside["points"] == [[-6, 6, 0], [0.1, 0, 1]] and not inside["scaled"]
    outside = points(b"0,1,a\n6.5,1,b\n3.25,1,a\n", **XYL)
    assert outside["points"] == [[-5, 0, 0], [5, 0, 1], [0, 0, 0]] and outside["scaled"]
    assert outside["ranges"] == {"x": [0, 6.5], "y": [1, 1]}
    one_axis = points(b"0,6.5,a\n1,-6.5,b\n", **XYL)
    assert one_axis["points"] == [[-5, 5, 0], [5, -5, 1]]


@QUICK
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=9))
@example([1.7e308, -1.7e308, 0.0])
@example([5e-324, 0.0])
@example([1e300, 1e300])
def test_any_finite_numbers_become_points_that_a_link_can_hold(values: list[float]) -> None:
    data = "".join(f"{value!r},{-value!r},{row % 2}\n" for row, value in enumerate(values))
    found = points(data.encode(), **XYL)
    columns = list(zip(*found["points"], strict=True))
    encode(columns[:2], columns[2])  # type: ignore[arg-type]
    order = sorted(range(len(values)), key=lambda place: values[place])
    assert all(columns[0][low] <= columns[0][high] for low, high in pairwise(order))
    if found["scaled"] and min(values) < max(values):
        assert (min(columns[0]), max(columns[0])) == (-5, 5)


# ---- tables written and read again ----

WORD = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8).filter(
    lambda word: word[0] not in "=@"
)
CELLS = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(0, 5))


@QUICK
@given(
    st.lists(CELLS, min_size=2, max_size=20),
    st.lists(WORD, min_size=6, max_size=6, unique=True),
    st.sampled_from(",;\t| "),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "x1 x2 kind"]),
    st.booleans(),
    st.sampled_from(["", "\n", "\r\n\r\n"]),
)
def test_tables_come_back(
    rows: list[tuple[float, float, int]],
    words: list[str],
    delimiter: str,
    encoding: str,
    quoting: Any,
    line_end: str,
    header: str,
    decimal_comma: bool,
    end: str,
) -> None:
    assume(len({label for _, _, label in rows}) > 1)
    assume(not all(map(csv_points.COMMA_NUMBER.fullmatch, words)))  # those would be sorted
    # Where UTF-16 has no mark, the file must show that it is UTF-16.
    assume(not encoding.endswith("e") or all(map(str.isascii, words)))

    def written(number: float) -> str:
        return repr(number).replace(".", ",") if decimal_comma and delimiter != "," else repr(number)

    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=line_end)
    if header:
        writer.writerow(header.split())
    writer.writerows([written(x), written(y), words[label]] for x, y, label in rows)
    data = (file.getvalue() + end).encode(encoding)
    shown = preview(data)
    assert (shown["delimiter"], shown["header"], shown["count"]) == (delimiter, bool(header), len(rows))
    assert shown["rows"] == [[written(x), written(y), words[label]] for x, y, label in rows[:8]]
    found = points(data, **XYL)
    assert found["ranges"]["x"] == [min(row[0] for row in rows), max(row[0] for row in rows)]
    assert [found["classes"][row[2]] for row in found["points"]] == [words[label] for _, _, label in rows]
    if not found["scaled"]:
        assert [row[:2] for row in found["points"]] == [[x, y] for x, y, _ in rows]


# ---- what is refused ----

CODES: dict[str, tuple[bytes, list[tuple[str, dict[str, Any]]]]] = {
    "missing": (b"x,y,l\n1,,a\n3,4,b\n", [("csv_missing", {"row": 2, "column": "y"})]),
    "missing class": (b"1,2,a\n3,4,\n5,6,b\n", [("csv_missing", {"row": 2, "column": "column 3"})]),
    "an empty cell at the end of the file": (b"x\ty\tl\n1\t2\ta\n3\t4\t", [("csv_missing", {"row": 3, "column": "l"})]),
    "blank": (b"x,y,l\n1,  ,a\n3,4,b\n", [("csv_missing", {"row": 2, "column": "y"})]),
    "two cells of one row": (
        b"x,y,l\n1,2,a\nNA,,b\n4,5,b",
        [
            ("csv_not_number", {"row": 3, "column": "x", "value": "NA"}),
            ("csv_missing", {"row": 3, "column": "y"}),
        ],
    ),
    "rows are lines, also after line breaks in a cell": (
        b'sep=,\r\nx,y,"the\r\nlabel"\r\n\r\n1,2,"a\nb"\r\n1,two,b\r\n',
        [("csv_not_number", {"row": 7, "column": "y", "value": "two"})],
    ),
    "formula": (
        b"x,y,l\n1,2,a\n=cmd|' /C calc'!A0,4,b\n5,@SUM(A1),\n7,8,=A1\n",
        [
            ("csv_formula", {"row": 3, "column": "x", "value": "=cmd|' /C calc'!A0"}),
            ("csv_formula", {"row": 4, "column": "y", "value": "@SUM(A1)"}),
            ("csv_missing", {"row": 4, "column": "l"}),
            ("csv_formula", {"row": 5, "column": "l", "value": "=A1"}),
        ],
    ),
    "one class": (b"x,y,l\n1,2,a\n3,4,a\n", [("csv_one_class", {"column": "l", "value": "a"})]),
    "one row": (b"1,2,a", [("csv_one_class", {"column": "column 3", "value": "a"})]),
    "seven classes": (
        b"x,y,l\n" + b"".join(b"1,2,%d\n" % label for label in range(7)),
        [("csv_too_many_classes", {"column": "l", "count": 7, "limit": 6})],
    ),
    "empty": (b"", [("csv_empty", {})]),
    "blank file": (b" \r\n\n\t", [("csv_empty", {})]),
    "empty cells only": (b'"",""\n,\n', [("csv_empty", {})]),
    "only a mark": (b"\xff\xfe", [("csv_empty", {})]),
    "only a header": (b"\nx,y,label\n", [("csv_no_rows", {"row": 2})]),
    "one column": (b"x\n1\n2\n", [("csv_few_columns", {"columns": 1})]),
    "two columns": (b"x,y\n1,2\n3,4\n", [("csv_few_columns", {"columns": 2})]),
    "ragged": (
        b"x,y,l\n1,2,a\n3,b\n\n5,6,b,7\n",
        [
            ("csv_ragged", {"row": 3, "cells": 2, "columns": 3}),
            ("csv_ragged", {"row": 5, "cells": 4, "columns": 3}),
        ],
    ),
    "a title above the table": (
        b"Results\nx,y,l\n1,2,a\n3,4,b\n",
        [("csv_ragged", {"row": 1, "cells": 1, "columns": 3})],
    ),
    "an open quotation mark": (b'x,y,l\n1,2,"a\n3,4,b\n', [("csv_quotes", {"row": 2})]),
    "a NUL": (b"x,y,l\n1,2,a\n3,4,b\0\n", [("csv_nul", {"row": 3})]),
    "not UTF-8": (
        "x,y,l\n1,2,caf\xe9\n".encode("latin-1"),
        [("csv_encoding", {"position": 14, "row": 2, "encoding": "UTF-8"})],
    ),
    "GBK": ("横,纵,类\n".encode("gbk"), [("csv_encoding", {"position": 1, "row": 1, "encoding": "UTF-8"})]),
    "a mark, then not UTF-8": (
        b"\xef\xbb\xbfx\r\n\xff",
        [("csv_encoding", {"position": 7, "row": 2, "encoding": "UTF-8"})],
    ),
    "half a character of UTF-16": (
        b"\xff\xfe1\0\n\0,",
        [("csv_encoding", {"position": 7, "row": 2, "encoding": "UTF-16 LE"})],
    ),
    "a long cell": (b"x,y,l\n1,2,%s\n" % (b"a" * 1001), [("csv_long_cell", {"row": 2, "limit": 1000})]),
    "a line of nearly 1 MiB": (b"x,y,l\n" + b"1" * 1_000_000, [("csv_long_cell", {"row": 2, "limit": 1000})]),
    "65 columns": (b"1," * 64 + b"a\n", [("csv_too_many_columns", {"columns": 65, "limit": 64})]),
    "2001 rows": (b"x,y,l\n" + b"1,2,a\n" * 2001, [("csv_too_many_rows", {"rows": 2001, "limit": 2000})]),
    "2001 rows without a header": (b"1,2,a\n" * 2001, [("csv_too_many_rows", {"rows": 2001, "limit": 2000})]),
    "5000 rows": (b"1,2,a\n" * 5000, [("csv_too_many_rows", {"rows": 5000, "limit": 2000})]),
    "very many rows": (b"1,2,a\n" * 150_000, [("csv_too_many_rows", {"rows": 150_000, "limit": 2000})]),
    "a million rows": (b"1,2,a\n" * 1_000_000, [("csv_too_large", {"size": 6_000_000, "limit": MAX_BYTES})]),
    "a line of 10 MB": (b"1" * 10_000_000, [("csv_too_large", {"size": 10_000_000, "limit": MAX_BYTES})]),
}


@pytest.mark.parametrize(("data", "expected"), CODES.values(), ids=CODES)
def test_what_is_wrong_where_and_why(data: bytes, expected: list[tuple[str, dict[str, Any]]]) -> None:
    assert [(problem.code, problem.params) for problem in problems(data)] == expected


NOT_NUMBERS = "nan NaN inf -Infinity 1_000 0x10 1,5 1.2.3 1e 1e999 -- + . e5 １ ½ 1O 5kg 12:30 1'000 --1 1e5.0 1/2 true"


@pytest.mark.parametrize("cell", [*NOT_NUMBERS.split(), "1 000", "1 2"])
def test_what_is_no_number(cell: str) -> None:
    (problem,) = problems(f'x,y,l\n1,2,a\n"{cell}",4,b\n5,6,b\n'.encode())
    assert (problem.code, problem.params) == ("csv_not_number", {"row": 3, "column": "x", "value": cell})


def test_thousands_are_refused_where_commas_are_decimal() -> None:
    assert problems(b"x;y;l\n1,5;2;a\n1.234,5;2;b\n")[0].params["value"] == "1.234,5"


def test_the_first_few_problems_only() -> None:
    assert [problem.params["row"] for problem in problems(b"x,y,l\n1,2,a\n" * 900)] == [3, 3, 5, 5, 7]
    assert len(problems(b"1,2,a\n" * 1000 + b"1\n" * 900)) == 5


def test_long_values_are_quoted_in_part() -> None:
    (problem,) = problems(b"x,y,l\n1,2,a\n%s,4,b\n5,6,b\n" % (b"z" * 900))
    assert problem.params["value"] == "z" * 39 + "…"


@pytest.mark.parametrize("chosen", [(0, 1, 3), (-1, 1, 2), (0, 10**9, 2)])
def test_a_column_that_is_not_there(chosen: tuple[int, int, int]) -> None:
    (problem,) = problems(b"x,y,l\n1,2,a\n3,4,b\n", *chosen)
    assert problem.code == "csv_no_such_column" and problem.params["columns"] == 3


@pytest.mark.parametrize("chosen", [(1, 1, 2), (0, 2, 2), (1, 0, 1), (0, 0, 0)])
def test_a_column_chosen_twice(chosen: tuple[int, int, int]) -> None:
    (problem,) = problems(b"x,y,l\n1,2,a\n3,4,b\n", *chosen)
    assert problem.code == "csv_column_twice" and problem.params["column"] in {"x", "y", "l"}


def codes_in_source() -> set[str]:
    tree = ast.parse((Path(app.__file__).parent / "csv_points.py").read_text("utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if text.startswith("csv_")}


def test_every_code_is_provoked_here_and_has_a_sentence_with_all_its_figures() -> None:
    heard = [problem for data, _ in CODES.values() for problem in problems(data)]
    heard += (
        problems(b"x,y,l\n1,z,a\n3,4,b\n") + problems(b"1,2,a\n3,4,b", 0, 0, 2) + problems(b"1,2,a\n3,4,b", 0, 1, 9)
    )
    assert {problem.code for problem in heard} == codes_in_source()
    for lang in LANGUAGES:
        assert {key for key in strings(lang) if key.startswith("error.csv_")} == {f"error.{p.code}" for p in heard}
        for problem in heard:
            assert not PLACEHOLDER.search(problem.sentence(lang))


# ---- whatever arrives ----

PIECES = st.sampled_from(
    [
        b"1",
        b"2.5",
        b",",
        b";",
        b"\t",
        b" ",
        b"|",
        b"\n",
        b"\r",
        b'"',
        b"a",
        b"\0",
        b"\xff\xfe",
        b"sep=;\n",
        b"=",
        b"\xe4",
    ]
)
FILES = st.binary(max_size=200) | st.lists(PIECES, max_size=60).map(b"".join) | st.text().map(str.encode)
PLACES = st.integers(-1, 5)


@QUICK
@given(FILES, PLACES, PLACES, PLACES)
def test_any_bytes_are_read_or_refused_with_a_reason(data: bytes, x: int, y: int, label: int) -> None:
    try:
        shown = preview(data)
        assert shown["count"] >= 1 and len(shown["columns"]) >= 3
        found = points(data, x, y, label)
    except Invalid as error:
        assert 1 <= len(error.problems) <= 5
        for problem in error.problems:
            assert problem.code.startswith("csv_") and problem.sentence("zh") and problem.message
        return
    assert len(found["points"]) == shown["count"]
    assert {row[2] for row in found["points"]} == set(range(len(found["classes"])))
    assert all(math.isfinite(value) and abs(value) <= 6 for row in found["points"] for value in row[:2])


HOSTILE: dict[str, bytes] = {
    "numbers in 64 columns": (b"1234567," * 63 + b"1234567\n"),
    "text in 64 columns": b"ab;" * 63 + b"ab\n",
    "commas": b"1" + b"," * 99 + b"\n",
    "delimiters of all kinds": b"; ,\t|",
    "quotation marks": b'""',
    "open quotation marks": b'1,2,"\n',
    "line ends": b"1\n\r\n\r",
    "one digit": b"1",
    "a number that almost is one": b"9" * 999 + b"x,",
    "zeros": b"1\0",
    "blanks in a cell": b"1,2,\xc2\xa0\x1f ",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_time_is_linear_in_the_size_of_the_file(piece: bytes) -> None:
    """Eight times the file takes about eight times as long; quadratic work would take 64 times."""

    def cost(size: int) -> float:
        data = (piece * (size // len(piece) + 1))[: size // len(piece) * len(piece)]
        times = []
        for _ in range(3):
            start = time.process_time()
            for work in (lambda: preview(data), lambda: points(data, 0, 1, 2)):
                try:
                    work()
                except Invalid:
                    pass
            times.append(time.process_time() - start)
        return min(times)

    assert cost(MAX_BYTES) < 24 * max(cost(MAX_BYTES // 8), 0.002)
