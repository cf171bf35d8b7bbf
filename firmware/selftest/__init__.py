"""What this very board does: measured, held to a bar, and written down so that others can help."""
