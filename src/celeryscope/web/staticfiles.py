"""The pages' scripts and styles, served as they are."""

from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class _StaticFiles(StaticFiles):
    """Files that browsers keep and ask about by ETag, so that an upgrade shows at once."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        return response


STATIC = _StaticFiles(directory=Path(__file__).with_name("static"))
