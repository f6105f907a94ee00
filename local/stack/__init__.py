"""The whole application on this machine, for a person to try: `make stack`."""
