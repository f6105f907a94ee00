"""The demo: thousands of real messages through the embedded stack, and an account of every one of them."""
