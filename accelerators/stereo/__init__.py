"""Depth from two photos of one moment, taken side by side: it drives the blur where one lens can only guess."""
