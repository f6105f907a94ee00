"""Measures what the functions cost, beside what people would use instead. `make bench` runs all of it."""
