"""The page that asks for the token where the console listens beyond this machine."""

import hmac

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from propolis.reports.console.access import COOKIE, session_of
from propolis.reports.console.templates import page as render_page

SESSION_SECONDS = 12 * 3600


async def page(request: Request) -> Response:
    """The form."""
    return render_page(request, "sign_in.html", {"wrong": False})


async def submit(request: Request) -> Response:
    """Takes the token and gives a session cookie."""
    token: str = request.app.state.token
    async with request.form(max_fields=2, max_files=0, max_part_size=4096) as form:
        shown = form.get("token")
    if not token or not isinstance(shown, str) or not hmac.compare_digest(shown.encode(), token.encode()):
        return render_page(request, "sign_in.html", {"wrong": True}, 403)
    answer = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        COOKIE, session_of(token), max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=secure
    )
    return answer
