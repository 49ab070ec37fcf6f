"""The page at `/`: two files, and nothing from any other host."""

from pathlib import Path
from typing import Final

from werkzeug import Response

_FOLDER: Final = Path(__file__).parent
_FILES: Final = {"/": ("index.html", "text/html"), "/page.js": ("page.js", "text/javascript")}
_POLICY: Final = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; img-src data:"


def find_page(path: str) -> Response | None:
    """The file that belongs to a path, if one does."""
    if path not in _FILES:
        return None
    name, kind = _FILES[path]
    response = Response((_FOLDER / name).read_bytes(), content_type=f"{kind}; charset=utf-8")
    response.headers.update(
        {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    )
    return response
