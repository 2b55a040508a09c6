"""What somebody is told of: a catalogue of alerts, written as Grafana's rules and Prometheus'.

alert          what an alert is
thresholds     objectives, windows and numbers: the one place where they are said
promql         the few idioms that Prometheus' expressions share
objectives     alerts on the error budgets of failures and waits
queues, tasks, workers, monitor    all other alerts, by what they speak of
catalogue      all of them
provisioning   the rules that Grafana evaluates with Graphite's numbers
rules          the rules that Prometheus evaluates
builder        both as text, made in development only
"""
