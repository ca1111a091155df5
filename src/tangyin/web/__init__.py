"""The web page and its API (`tangyin serve`)."""
