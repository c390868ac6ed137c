"""What a soak consists of."""
