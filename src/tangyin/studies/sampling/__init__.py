"""Sampling rules."""
