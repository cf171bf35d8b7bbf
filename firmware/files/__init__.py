"""Pictures as bytes: DNG, JPEG, sidecar, and raw files of every kind."""
