"""Templates of the pages, and what they may call."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from propolis import __version__

FOLDER = Path(__file__).parent / "templates"

_environment = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def band(score: float) -> str:
    """The class of a score: its colour and its word."""
    bands = ((75, "severe"), (50, "high"), (25, "medium"))
    return next((name for least, name in bands if score >= least), "low")


def moment(value: datetime | None) -> str:
    """A time for people, in UTC to the minute."""
    return "" if value is None else value.strftime("%Y-%m-%d %H:%M UTC")


def amount(value: float) -> str:
    """A number with thousands apart and at most one decimal."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:,.1f}"  # noqa: PLR2004  # reads well


def count(number: int, noun: str) -> str:
    """``1 finding``, ``2 findings``."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def link(path: str, **query: Any) -> str:
    """An address with a query; empty values are left out, lists repeat."""
    asked = {name: value for name, value in query.items() if value not in ("", None, (), [])}
    return f"{path}?{urlencode(asked, doseq=True)}" if asked else path


_environment.globals.update(band=band, count=count, link=link, version=__version__)
_environment.filters.update(moment=moment, amount=amount)


def page(request: Request, name: str, values: dict[str, Any], status: int = 200) -> Response:
    """A page made from a template."""
    values = {"path": request.url.path, "signed_in": bool(request.app.state.token), **values}
    text = _environment.get_template(name).render(values)
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})
