"""The experiments: NAME.py says what one varies, measures and draws; NAME.md.j2 reports it."""
