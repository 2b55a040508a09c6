"""What dashboards are called in addresses, for links from one to another."""

OVERVIEW = "overview"
TASKS = "tasks"
TASK = "task"
QUEUES = "queues"
ITSELF = "itself"
