"""A formula of the user's in x1 and x2, such as ``x1*x2 + sin(3*x1)``: read by a small grammar of its own.

Nothing of Python is reachable from a formula: it becomes a list of NumPy functions and numbers that is worked off with
a stack. Length and nesting are bounded, and so is the work. Every error says where and what to write instead::

    sum     = product, { ("+" | "-"), product } ;
    product = signed, { ("*" | "/"), signed } ;
    signed  = ("-" | "+"), signed | power ;             so -x1^2 is -(x1^2)
    power   = value, { "²" | "³" }, [ ("^" | "**"), signed ] ;    so 2^3^2 is 2^(3^2), and 2^-x1 is allowed
    value   = number | "x1" | "x2" | "pi" | "e" | function, "(", sum, [ ",", sum ], ")" | "(", sum, ")" ;

``x`` and ``y`` are no names for the coordinates, since y is the label everywhere else.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from engine.component import Array, Text

MAX_LENGTH = 100
MAX_DEPTH = 30
MAX_VALUE = 1e6
PLANE = 6.0
SIDE = 121  # points along a side of the plane, 0.1 apart: where people put their poles

CONSTANTS = {"pi": np.float64(np.pi), "π": np.float64(np.pi), "e": np.float64(np.e)}
COORDINATES = {"x1": 0, "x2": 1}

# Name -> function, how many values it is given, and the number that it takes besides.
FUNCTIONS: dict[str, tuple[np.ufunc, int, float | None]] = {
    "sin": (np.sin, 1, None),
    "cos": (np.cos, 1, None),
    "tan": (np.tan, 1, None),
    "exp": (np.exp, 1, None),
    "log": (np.log, 1, None),
    "ln": (np.log, 1, None),
    "sqrt": (np.sqrt, 1, None),
    "abs": (np.absolute, 1, None),
    "tanh": (np.tanh, 1, None),
    "sign": (np.sign, 1, None),
    "step": (np.heaviside, 1, 0.0),  # 1 where z > 0, else 0
    "relu": (np.maximum, 1, 0.0),
    "min": (np.minimum, 2, None),
    "max": (np.maximum, 2, None),
}

# Operator -> how tightly it binds its left and its right side, and its function. A sign binds as SIGN.
OPERATORS: dict[str, tuple[int, int, np.ufunc]] = {
    "+": (1, 2, np.add),
    "-": (1, 2, np.subtract),
    "*": (3, 4, np.multiply),
    "/": (3, 4, np.divide),
    "^": (7, 6, np.power),
}
SIGN = 5
ATOM = 9  # a name, a number or a call
SUPERSCRIPTS = {"²": 2.0, "³": 3.0}

# Characters that stand for others, one for one, so that positions stay: mathematical signs, and the full-width ones of
# Chinese keyboards.
ALIKE = str.maketrans("×·⋅∙÷∕−–", "****//--") | {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-zπ_][A-Za-z0-9π_₁₂]*)"
    r"|(?P<mark>\*\*|[-+*/^(),²³]))"
)
GLUED = re.compile("(?:" + "|".join([*COORDINATES, *CONSTANTS]) + ")+(?:" + "|".join(FUNCTIONS) + ")?")
PIECE = re.compile("|".join(sorted([*COORDINATES, *CONSTANTS, *FUNCTIONS], key=len, reverse=True)))


class FormulaError(ValueError):
    """What is wrong with a formula, and at which character of it, counted from 0."""

    def __init__(self, position: int, en: str, zh: str) -> None:
        super().__init__(en)
        self.position = position
        self.reason = Text(en, zh)


@dataclass(frozen=True)
class Formula:
    """A formula that has been read. Call it with coordinates of any shapes that fit together."""

    text: str
    program: tuple[np.ufunc | np.float64 | int, ...] = field(repr=False)
    """Functions, numbers and coordinates (0 for x1, 1 for x2), operands before their operator."""

    def __call__(self, x1: Array, x2: Array) -> Array:
        """The value at every point, in float64; not finite where the formula is not defined. The array is a new one."""
        coordinates = np.asarray(x1, np.float64), np.asarray(x2, np.float64)
        stack: list[Array | np.float64] = []
        with np.errstate(all="ignore"):
            for item in self.program:
                if isinstance(item, np.ufunc):
                    operands = stack[-item.nin :]
                    del stack[-item.nin :]
                    stack.append(item(*operands))
                else:
                    stack.append(coordinates[item] if isinstance(item, int) else item)
        shape = np.broadcast_shapes(coordinates[0].shape, coordinates[1].shape)
        return np.array(np.broadcast_to(stack[0], shape), order="C")

    def written(self) -> str:
        """The same as an expression of NumPy in the arrays ``x1`` and ``x2``. What holds no coordinate is worked out
        before, since a bare number behaves otherwise than NumPy's (``1 / 0``)."""
        stack: list[tuple[str, int] | np.float64] = []  # texts with how tightly they bind, or numbers
        for item in self.program:
            if not isinstance(item, np.ufunc):
                stack.append((f"x{item + 1}", ATOM) if isinstance(item, int) else item)
                continue
            operands = stack[-item.nin :]
            del stack[-item.nin :]
            numbers = [operand for operand in operands if isinstance(operand, np.float64)]
            if len(numbers) == len(operands):
                with np.errstate(all="ignore"):
                    stack.append(np.float64(item(*numbers)))
            else:
                stack.append(_applied(item, [_text(operand) for operand in operands]))
        text, _ = _text(stack[0])
        return f"np.full_like(x1, {text})" if isinstance(stack[0], np.float64) else text

    def refuse_unless_finite(self) -> None:
        """Raises FormulaError if a value on a grid over the plane is not finite, or above 10⁶ in size. It names the
        point that is nearest to the middle."""
        x1, x2 = np.meshgrid(*2 * [np.linspace(-PLANE, PLANE, SIDE).round(1) + 0.0])
        values = self(x1, x2)
        bad = ~(np.abs(values) <= MAX_VALUE)
        if not bad.any():
            return
        place = np.unravel_index(np.where(bad, np.hypot(x1, x2), np.inf).argmin(), bad.shape)
        where, value = f"x1 = {x1[place]:g}, x2 = {x2[place]:g}", values[place]
        if np.isfinite(value):
            raise FormulaError(
                0,
                f"At {where} the value is {value:.3g}; it must stay within ±1,000,000 for x1 and x2 from -6 to 6. "
                "Divide it by a number, or write tanh(…) around it.",
                f"在 {where} 处的值为 {value:.3g}；x1、x2 取 -6 到 6 时不得超出 ±1000000。"
                "请除以一个数，或在外面套上 tanh(…)。",
            )
        raise FormulaError(
            0,
            f"At {where} there is no finite value; there must be one for all x1 and x2 from -6 to 6. "
            "Write for instance log(abs(x1)+1), sqrt(abs(x1)) or x1/(abs(x2)+1).",
            f"在 {where} 处没有有限的值；x1、x2 取 -6 到 6 时处处都要有。"
            "例如可写 log(abs(x1)+1)、sqrt(abs(x1)) 或 x1/(abs(x2)+1)。",
        )


def _text(operand: tuple[str, int] | np.float64) -> tuple[str, int]:
    """An operand of an expression of NumPy, and how tightly it binds."""
    if not isinstance(operand, np.float64):
        return operand
    if not np.isfinite(operand):
        return f"np.float64('{operand}')", ATOM
    return repr(float(operand)), SIGN if operand < 0 else ATOM


def _applied(function: np.ufunc, operands: list[tuple[str, int]]) -> tuple[str, int]:
    """A function of operands as an expression of NumPy; Python's operators bind as ours do."""
    for mark, (left, right, own) in OPERATORS.items():
        if own is function:
            (first, one), (second, other) = operands
            first = first if one > left or (one == left and mark != "^") else f"({first})"
            second = second if other >= right else f"({second})"
            return f"{first} {'**' if mark == '^' else mark} {second}", left
    if function is np.negative:
        text, binding = operands[0]
        return f"-{text}" if binding > SIGN else f"-({text})", SIGN
    return f"np.{function.__name__}({', '.join(text for text, _ in operands)})", ATOM


@lru_cache(256)
def parse(text: str) -> Formula:
    """Read a formula. Raises FormulaError."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            MAX_LENGTH,
            f"The formula has {len(text)} characters, at most {MAX_LENGTH} are allowed.",
            f"公式有 {len(text)} 个字符，最多允许 {MAX_LENGTH} 个。",
        )
    return Formula(text, tuple(_Parser(text).program))


@lru_cache(256)
def checked(text: str) -> Formula:
    """Read a formula that has a finite value everywhere. Raises FormulaError."""
    formula = parse(text)
    formula.refuse_unless_finite()
    return formula


@dataclass(frozen=True)
class _Token:
    kind: str  # number, name, mark or end
    text: str
    position: int


class _Parser:
    """Operator precedence: `_expression` takes in whatever binds more tightly than its limit."""

    def __init__(self, text: str) -> None:
        self.program: list[np.ufunc | np.float64 | int] = []
        self.tokens = _tokens(text)
        self.place = 0
        self.depth = 0
        if len(self.tokens) == 1:
            raise FormulaError(0, "The formula is empty. Write for instance x1*x2.", "公式为空。例如可写 x1*x2。")
        self._expression(0)
        if self.next.kind != "end":
            raise self._unfitting()

    @property
    def next(self) -> _Token:
        return self.tokens[self.place]

    def _take(self) -> _Token:
        token = self.next
        self.place += 1
        return token

    def _take_mark(self, mark: str) -> bool:
        if self.next.kind == "mark" and self.next.text == mark:
            self.place += 1
            return True
        return False

    def _expression(self, limit: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            position = self.next.position
            raise FormulaError(
                position,
                f"At position {position} the formula is nested more than {MAX_DEPTH} deep.",
                f"位置 {position} 处嵌套超过 {MAX_DEPTH} 层。",
            )
        self._operand()
        while self.next.text in SUPERSCRIPTS:
            self.program += [np.float64(SUPERSCRIPTS[self._take().text]), np.power]
        while self.next.text in OPERATORS and OPERATORS[self.next.text][0] > limit:
            _, right, function = OPERATORS[self._take().text]
            self._expression(right)
            self.program.append(function)
        self.depth -= 1

    def _operand(self) -> None:
        token = self._take()
        if token.kind == "number":
            self.program.append(_number(token))
        elif token.text in COORDINATES:
            self.program.append(COORDINATES[token.text])
        elif token.text in CONSTANTS:
            self.program.append(CONSTANTS[token.text])
        elif token.text in FUNCTIONS:
            self._call(token)
        elif token.text == "-":
            self._expression(SIGN)
            self.program.append(np.negative)
        elif token.text == "+":
            self._expression(SIGN)
        elif token.text == "(":
            self._expression(0)
            self._close(token)
        elif token.kind == "name":
            raise _unknown(token)
        elif token.kind == "end":
            raise FormulaError(
                token.position,
                f"Unexpected end at position {token.position}: a value is missing there.",
                f"公式在位置 {token.position} 意外结束：此处缺少一个值。",
            )
        else:
            raise FormulaError(
                token.position,
                f'A value is missing before "{token.text}" at position {token.position}.',
                f"位置 {token.position} 处的“{token.text}”之前缺少一个值。",
            )

    def _call(self, token: _Token) -> None:
        name, position = token.text, token.position
        function, count, besides = FUNCTIONS[name]
        opening = self.next
        if not self._take_mark("("):
            example = f"{name}(x1)" if count == 1 else f"{name}(x1, x2)"
            raise FormulaError(
                position,
                f"At position {position}, {name} needs brackets: write {example}.",
                f"位置 {position} 处的 {name} 需要括号：请写 {example}。",
            )
        self._expression(0)
        given = 1
        while self._take_mark(","):
            self._expression(0)
            given += 1
        self._close(opening)
        if given != count:
            raise FormulaError(
                position,
                f"At position {position}, {name} takes {count} value{'s' * (count > 1)}, not {given}.",
                f"位置 {position} 处的 {name} 需要 {count} 个值，而不是 {given} 个。",
            )
        self.program += [function] if besides is None else [np.float64(besides), function]

    def _close(self, opening: _Token) -> None:
        if self.next.kind == "end":
            position = opening.position
            raise FormulaError(
                position,
                f"The bracket opened at position {position} is not closed.",
                f"位置 {position} 处的左括号没有对应的右括号。",
            )
        if not self._take_mark(")"):
            raise self._unfitting()

    def _unfitting(self) -> FormulaError:
        """The error for what stands where an operator, or the end, is due."""
        before, token = self.tokens[self.place - 1], self.next
        position = token.position
        if token.text == ")":
            return FormulaError(
                position,
                f"The bracket closed at position {position} was never opened.",
                f"位置 {position} 处的右括号没有对应的左括号。",
            )
        if token.text == ",":
            return FormulaError(
                position,
                f'Unexpected "," at position {position}; only min and max take two values.',
                f"位置 {position} 处的逗号不合适；只有 min 和 max 有两个值。",
            )
        glued = "*".join(PIECE.findall(token.text)) if GLUED.fullmatch(token.text) else token.text
        return _glued(position, f"{before.text}*{glued}{'…)' * (glued == '(')}")


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    plain = text.translate(ALIKE)
    end = len(plain.rstrip())
    while position < end:
        match = TOKEN.match(plain, position)
        if not match:
            position += len(plain[position:]) - len(plain[position:].lstrip())
            raise _unfit(text[position], position)
        kind = match.lastgroup or ""
        found = match[kind]
        if kind == "name":
            found = found.lower().translate(str.maketrans("₁₂", "12"))
        tokens.append(_Token(kind, "^" if found == "**" else found, match.start(kind)))
        position = match.end()
    return [*tokens, _Token("end", "", len(text))]


def _number(token: _Token) -> np.float64:
    number = np.float64(token.text)
    if not np.isfinite(number):
        raise FormulaError(
            token.position,
            f"The number at position {token.position} is too large.",
            f"位置 {token.position} 处的数过大。",
        )
    return number


def _unknown(token: _Token) -> FormulaError:
    if GLUED.fullmatch(token.text):
        pieces = PIECE.findall(token.text)
        return _glued(token.position + len(pieces[0]), "*".join(pieces))
    known = [*COORDINATES, *CONSTANTS, *FUNCTIONS]
    return FormulaError(
        token.position,
        f'Unknown name "{token.text}" at position {token.position}. Known are {", ".join(known)}.',
        f"位置 {token.position} 处的名称“{token.text}”无法识别。可用的有 {'、'.join(known)}。",
    )


def _glued(position: int, example: str) -> FormulaError:
    return FormulaError(
        position,
        f"An operator is missing at position {position}: write {example}.",
        f"位置 {position} 处缺少运算符：请写 {example}。",
    )


def _unfit(character: str, position: int) -> FormulaError:
    shown = f'"{character}"' if character.isprintable() else f"U+{ord(character):04X}"
    advice = Text(" Write abs(x1) for |x1|.", "|x1| 请写作 abs(x1)。") if character in "|｜" else Text("", "")
    return FormulaError(
        position,
        f"Unexpected character {shown} at position {position}.{advice.en}",
        f"位置 {position} 处有意外的字符 {shown}。{advice.zh}",
    )
