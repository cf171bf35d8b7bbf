"""The card: names that are never reused, files that are whole or absent."""
