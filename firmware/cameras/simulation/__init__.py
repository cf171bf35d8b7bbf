"""The simulated camera: scene -> light -> lens -> colour filters -> exposure -> noise -> flaws -> counts."""
