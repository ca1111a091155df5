"""What the report's network reaches on unseen poems."""
