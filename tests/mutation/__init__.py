"""Mutation testing of the modules that decide: what the tests let pass of their faults is listed, with the reason."""
