"""As much of Django as the article's listing asks for."""
