"""A small shop's Celery tasks, their worker and a steady load on them."""
