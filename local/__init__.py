"""Stand-ins for the cloud, for tests, the demo and local runs. Nothing in here is deployed."""
