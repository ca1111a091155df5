"""The two faces: the command line."""
