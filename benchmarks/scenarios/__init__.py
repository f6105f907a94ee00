"""What is measured, a file for each row of the table; rows that are of the same runs share those of `no_limit`."""
