"""Helpers that all wire tests share."""
