"""The forms of verse as data: one module a family, found by looking into this folder.

A module holds `FORMS`, a tuple of `tangyin.verse.Form`.
"""
