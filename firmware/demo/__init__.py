"""The whole camera without hardware."""
