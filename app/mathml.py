"""Formulas as MathML: from the one line a component writes down, ``w ← w − η g / (√v + ε)``, to what a page typesets.

The line is read as people write it: letters side by side are a product, raised and lowered characters belong to what
stands before them, a stroke between spaces is a fraction of the whole product before it over the one thing behind it,
and words are words. Nothing is ever refused; whatever is not understood stands as it was written.
"""

import re
import unicodedata
from xml.sax.saxutils import escape

NAMED = {"max", "min", "exp", "ln", "log", "tanh", "sin", "cos", "sign", "softmax", "mod", "ELU"}
SHORT_WORDS = {"or", "if", "to", "of", "He"}
CLOSING = {"(": ")", "[": "]", "⌊": "⌋", "‖": "‖", "|": "|", "{": "}"}
HAT = "\u0302"
BLANK = "<mspace width='.3em'/>"

# Raised and lowered letters, digits and signs, and what they stand for.
RAISED = {char: unicodedata.normalize("NFKC", char) for char in "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᶻᵗᵀⁿ"} | {"⁻": "−"}
LOWERED = {char: unicodedata.normalize("NFKC", char) for char in "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵧₓ"} | {"₋": "−", "ᵧ": "y"}

_UP, _DOWN = "".join(RAISED), "".join(LOWERED)
TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<number>\d+(?:\.\d+)?)|(?P<up>[{_UP}]+)|(?P<down>[{_DOWN}]+(?:≠[{_DOWN}]+)?)"
    r"|(?P<word>[A-Za-z]+)|(?P<vulgar>[¼½¾⅓⅔])|(?P<other>.)",
    re.DOTALL,
)
# Between two formulas stand two blanks, a bar, or a comma with another equation or an exception behind it.
PARTS = re.compile(r"  |(?<= ∣) |(?<=,) (?=\w+ = |else |the )")
# What ends the product that a fraction has above its stroke.
ENDS = set("+−±∓=<>≤≥≠≈←,;:∣→∈")


def mathml(formula: str) -> str:
    """The formula as a ``<math>`` element, or as one after the other where it consists of several: between them a line
    may break."""
    return " ".join(f"<span>{_math(part)}</span>" for part in PARTS.split(formula))


def _math(formula: str) -> str:
    tokens = [(match.lastgroup or "", match[0]) for match in TOKEN.finditer(unicodedata.normalize("NFC", formula))]
    return f'<math alttext="{escape(formula, {chr(34): "&quot;"})}">{_row(_Reader(tokens).sequence(None))}</math>'


class _Node(str):
    """A piece of MathML. ``inner`` is a bracket's content, ``ends`` says that a product ends here."""

    inner: str | None = None
    ends: bool = False


def _node(text: str, inner: str | None = None, ends: bool = False) -> _Node:
    made = _Node(text)
    made.inner, made.ends = inner, ends
    return made


def _row(nodes: list[_Node]) -> str:
    return nodes[0] if len(nodes) == 1 else f"<mrow>{''.join(nodes)}</mrow>"


def _letter(char: str) -> _Node:
    bare = unicodedata.normalize("NFD", char)
    if HAT in bare:
        return _node(f'<mover accent="true"><mi>{bare[0]}</mi><mo>^</mo></mover>')
    return _node(f"<mi>{escape(char)}</mi>")


def _script(text: str, table: dict[str, str]) -> str:
    parts = [table.get(char, char) for char in text]
    made = [f"<mn>{p}</mn>" if p.isdigit() else f"<mi>{p}</mi>" if p.isalpha() else f"<mo>{p}</mo>" for p in parts]
    return _row([_node(part) for part in made])


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0

    def sequence(self, closing: str | None) -> list[_Node]:
        """Everything up to a closing bracket, or to the end."""
        nodes: list[_Node] = []
        while self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            if text == closing:
                break
            if kind == "space":
                self.at += 1
            elif text == "/" and self._spaced() and nodes and not nodes[-1].ends:
                self._fraction(nodes)
            else:
                nodes += self.factor()
        return nodes

    def _spaced(self) -> bool:
        around = [self.tokens[place][0] for place in (self.at - 1, self.at + 1) if 0 <= place < len(self.tokens)]
        return around == ["space", "space"] and self.at + 2 < len(self.tokens)

    def _fraction(self, nodes: list[_Node]) -> None:
        """Put the product before the stroke over the factor behind it."""
        self.at += 2
        above: list[_Node] = []
        while nodes and not nodes[-1].ends:
            above.insert(0, nodes.pop())
        below = self.factor()
        top = above[0].inner if len(above) == 1 and above[0].inner is not None else _row(above)
        bottom = below[0].inner if len(below) == 1 and below[0].inner is not None else _row(below)
        nodes.append(_node(f"<mfrac>{top}{bottom}</mfrac>"))

    def factor(self) -> list[_Node]:
        """One thing with what is raised and lowered behind it; a word of single letters is several."""
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "word" and text not in NAMED and (len(text) > 2 or text in SHORT_WORDS):
            return [_node(f"{BLANK}<mtext>{text}</mtext>{BLANK}")]
        if kind == "word" and text not in NAMED:
            *before, last = map(_letter, text)
            return [*before, self._scripts(last)]
        return [self._scripts(self._atom(kind, text))]

    def _atom(self, kind: str, text: str) -> _Node:
        if kind == "number":
            return _node(f"<mn>{text}</mn>")
        if kind == "word":  # set off from its argument, unless that stands in brackets
            bare = self.at < len(self.tokens) and self.tokens[self.at][0] == "space"
            return _node(f"<mi>{text}</mi>" + "<mspace width='.17em'/>" * bare)
        if kind == "vulgar":
            above, below = unicodedata.normalize("NFKC", text).split("\u2044")
            return _node(f"<mfrac><mn>{above}</mn><mn>{below}</mn></mfrac>")
        if kind in ("up", "down"):  # with nothing before it
            return _node(_script(text, RAISED if kind == "up" else LOWERED))
        if text == "√" and self.at < len(self.tokens):
            under = self.factor()
            return _node(f"<msqrt>{under[0].inner or under[0]}</msqrt>{''.join(under[1:])}")
        if text in CLOSING and any(other == CLOSING[text] for _, other in self.tokens[self.at :]):
            inner = _row(self.sequence(CLOSING[text]))
            self.at += 1
            fence = f"<mo>{text}</mo>{inner}<mo>{CLOSING[text]}</mo>"
            return _node(f"<mrow>{fence}</mrow>", inner if text == "(" else None)
        if text.isalpha() or HAT in text:
            combined = self.at < len(self.tokens) and self.tokens[self.at][1] == HAT
            self.at += combined
            return _letter(text + HAT * combined)
        return _node(f"<mo>{escape(text)}</mo>", ends=text in ENDS)

    def _scripts(self, base: _Node) -> _Node:
        """What is raised and lowered behind ``base``."""
        made = base
        while self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            if kind == "up" or (text == "^" and self.at + 1 < len(self.tokens)):
                self.at += 1
                raised = _script(text, RAISED) if kind == "up" else self._power()
                made = _node(f"<msup>{_once(made)}{raised}</msup>")
            elif kind == "down":
                self.at += 1
                made = _node(f"<msub>{_once(made)}{_script(text, LOWERED)}</msub>")
            elif text == HAT:
                self.at += 1
                made = _node(f'<mover accent="true">{_once(made)}<mo>^</mo></mover>')
            else:
                break
        return made

    def _power(self) -> str:
        """What stands behind ``^``: one thing, with its sign."""
        if self.tokens[self.at][1] == "−" and self.at + 1 < len(self.tokens):
            self.at += 1
            return f"<mrow><mo>−</mo>{_once(self._atom(*self._next()))}</mrow>"
        return _once(self._atom(*self._next()))

    def _next(self) -> tuple[str, str]:
        self.at += 1
        return self.tokens[self.at - 1]


def _once(node: str) -> str:
    """One element, whatever a node is made of."""
    return f"<mrow>{node}</mrow>"
