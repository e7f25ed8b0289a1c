"""Formulas become well-formed MathML that says what was written, character by character."""

import re
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.mathml import mathml
from engine import CATALOG

FORMULAS = sorted({component.formula for registry in CATALOG.values() for component in registry.values()})
ALPHABET = "xyzwvηλΣ√½²⁻ᶻ₁ᵢ()[]⌊⌋|‖/ +−·∘=<>&^,.;∣01289maxorlnŷ̂"


def plain(text: str) -> str:
    """What is there, whatever its size and place: no blanks, no brackets, nothing that a fraction's stroke says."""
    flat = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text.replace("ᵧ", "y"))).replace("\u2044", "")
    return re.sub(r"[\s()√/\u0302^]", "", flat.replace("\u2212", "-"))


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_formula_of_the_catalog_says_what_was_written(formula: str) -> None:
    tree = ElementTree.fromstring(f"<p>{mathml(formula)}</p>")
    alternatives = [element.get("alttext") or "" for element in tree.iter("math")]
    assert "".join(alternatives).replace(" ", "") == formula.replace(" ", "")
    assert plain("".join(tree.itertext())) == plain(formula)


@settings(deadline=None, max_examples=400)
@given(st.text(ALPHABET, max_size=24))
def test_whatever_is_written_becomes_well_formed(text: str) -> None:
    ElementTree.fromstring(f"<p>{mathml(text)}</p>")


def test_the_shape_of_some_formulas() -> None:
    assert "<mfrac><mn>1</mn><mrow><mn>1</mn><mo>+</mo><msup>" in mathml("1 / (1 + e⁻ᶻ)")
    assert "<mfrac><mrow><mi>η</mi><mi>g</mi></mrow><mrow><msqrt><mi>v</mi></msqrt><mo>+</mo>" in mathml(
        "w − η g / (√v + ε)"
    )
    assert "<msub><mrow><mi>z</mi></mrow><mi>k</mi></msub>" in mathml("max(z₁, …, zₖ)")
    assert '<mover accent="true"><mi>y</mi><mo>^</mo></mover>' in mathml("(ŷ − y)²")
    assert "<mtext>otherwise</mtext>" in mathml("x otherwise")
    assert "<mi>β</mi><mi>v</mi>" in mathml("βv")
