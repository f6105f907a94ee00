"""What people would use instead, written as they would write it."""
