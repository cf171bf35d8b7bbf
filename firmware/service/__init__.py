"""Being a good daemon: readiness, watchdog, logs, reload, status."""
