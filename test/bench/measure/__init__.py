"""What the benchmark is made of: servers, load, measurements, the table."""
