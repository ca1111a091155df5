"""Packaged data: split, closed vocabulary, variants, shipped models."""
