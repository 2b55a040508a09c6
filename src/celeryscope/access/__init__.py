"""Who may ask the server, by which names, and what browsers are told about its answers.

Each module is one layer around the application; `entrance` puts them on each other.
"""
