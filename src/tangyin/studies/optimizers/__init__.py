"""Optimizers and their rates."""
