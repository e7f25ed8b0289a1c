"""What leaves the playground for other pages: a link as a QR code, and the answer to oEmbed, with which a blog or a
learning platform turns a pasted link into the playground itself.

QR codes are made by segno, at the lowest of their four levels of error correction or at a higher one that costs no
space: a screen has no scratches, and larger squares are read from further away.
"""

import io
from html import escape
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import segno
from segno.encoder import DataOverflowError

from app import __version__
from app.i18n import translate
from app.schema import Invalid, Problem

MAX_QR = 2953  # bytes in the largest QR code at the lowest level of error correction
MAX_ADDRESS = 40_000  # characters; a link of the playground has at most 32,768
QUIET = 4  # empty squares around a QR code, as its standard wants them

EMBED_WIDTH, EMBED_HEIGHT = 640, 520
SMALLEST = 300  # the embedded page is made for this width and height and more
CACHE_SECONDS = 86_400


def qr(text: str) -> str:
    """A QR code as an SVG image, dark on white in any theme. Raises Invalid (``qr_too_long``)."""
    size = len(text.encode())
    try:
        if size > MAX_QR:  # said at once, before it is encoded
            raise DataOverflowError
        code = segno.make_qr(text, error="l", boost_error=True)
    except DataOverflowError:
        raise Invalid(Problem(("text",), "qr_too_long", {"maximum": MAX_QR, "length": size})) from None
    out = io.BytesIO()
    code.save(out, kind="svg", border=QUIET, omitsize=True, xmldecl=False, svgclass=None, lineclass=None, light="#fff")
    return out.getvalue().decode()


def oembed(public_url: str, url: str, maxwidth: int | None, maxheight: int | None, lang: str) -> dict[str, Any] | None:
    """The playground behind one of our own addresses as oEmbed's "rich" content; None for any other address.

    An address of the embedded page stays as it is; one of the playground becomes the embedded page with the same
    experiment. The largest width and height that are asked for are kept to.
    """
    ours, given = urlsplit(public_url), _split(url)
    if given is None or _place(given) != _place(ours):
        return None
    path = f"{given.path.rstrip('/')}/"
    if path not in (ours.path, f"{ours.path}embed/"):
        return None
    known = parse_qsl(given.query, keep_blank_values=True)
    query = urlencode(known if any(name == "lang" for name, _ in known) else [*known, ("lang", lang)])
    address = f"{public_url}embed?{query}{'#' if given.fragment else ''}{given.fragment}"
    width = min(EMBED_WIDTH, maxwidth or EMBED_WIDTH)
    height = min(EMBED_HEIGHT, maxheight or EMBED_HEIGHT)
    title = translate(lang, "page.title")
    return {
        "version": "1.0",
        "type": "rich",
        "provider_name": title,
        "provider_url": public_url,
        "title": title,
        "html": f'<iframe src="{escape(address)}" width="{width}" height="{height}" title="{escape(title)}"'
        ' loading="lazy" allow="fullscreen" style="border:0"></iframe>',
        "width": width,
        "height": height,
        "cache_age": CACHE_SECONDS,
        "generator": f"nn-playground {__version__}",
    }


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _place(url: SplitResult) -> tuple[str, str]:
    return url.scheme.lower(), url.netloc.lower()
