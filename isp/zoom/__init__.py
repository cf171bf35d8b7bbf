"""Zoom: detail that several frames measured between the pixels of one."""
