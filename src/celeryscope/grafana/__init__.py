"""Grafana's side: the catalogue of panels, the dashboards made from it, and what provisions them.

    catalogue/   the panels of each dashboard, with their queries in both languages
    builder/     dashboards and provisioning as text, made by Grafana's SDK, in development only
    alerts/      alert rules as text
    files/       all of that text, committed and packaged: a folder for each edition

The builder puts together what `files()` of each maker returns: texts by their path below `files/`,
such as `graphite/provisioning/alerting/celeryscope.yaml`.
"""
