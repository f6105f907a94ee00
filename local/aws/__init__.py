"""AWS on loopback: what the functions find around them in the cloud, made from the SAM template."""
