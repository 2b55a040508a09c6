"""Makes all files of Grafana's side; development only, since it needs Grafana's SDK and YAML's."""
