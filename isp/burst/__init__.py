"""Many short frames of one scene become one: chosen, aligned, merged in the raw mosaic."""
