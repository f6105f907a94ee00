"""The smoke test of a deployed stack: `make smoke STACK=<name>`. docs/smoke.md says what it does."""
