"""What the tests share: a clock, events, and the world that a function runs in."""
