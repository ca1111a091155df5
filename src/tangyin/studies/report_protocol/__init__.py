"""The course report's own way of measuring."""
