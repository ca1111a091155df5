"""Composable constraints on what may be written at each place of a poem: one file each."""
