"""Size, poems and passes."""
