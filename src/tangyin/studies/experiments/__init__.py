"""The experiments: NAME.py varies, measures and draws; NAME.md.j2 reports."""
