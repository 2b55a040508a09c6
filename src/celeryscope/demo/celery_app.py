"""What `celery -A` loads for the demo's worker."""

from celeryscope.demo.tasks import app as _make_app

app = _make_app()
