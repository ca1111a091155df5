"""Laws that options of a request ask for: one file each, found by looking into this folder."""
