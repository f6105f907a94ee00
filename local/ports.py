"""The ports of the local stand-ins: their defaults, and whether they are free."""

import errno
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

# Not LocalStack's (4566), AirPlay's (5000, 7000), MailHog's (8025), SAM CLI's (3000, 3001) or DynamoDB Local's (8000).
AWS_PORT = 4610
SENDGRID_PORT = 4611


def require_free(command: str, ports: Mapping[str, int], addresses: Sequence[str]) -> None:
    """Exit with status 1 and a message on standard error unless all ports are free, and different, on all addresses.

    `ports` are by the make variable that chooses them, `command` is what takes the variable: "make stack".
    """
    # All are held until the end, so that a port that was given twice is found to be in use.
    with ExitStack() as held:
        for variable, port in ports.items():
            for address in addresses:
                try:
                    held.enter_context(socket.create_server((address, port)))
                except OSError as error:
                    raise SystemExit(_message(error, command, variable, port, address)) from None


def _message(error: OSError, command: str, variable: str, port: int, address: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            reason = f"Port {port} of {address} is in use by another program."
        case errno.EADDRNOTAVAIL:
            return f"{address} is not an address of this machine."
        case number:
            reason = f"Port {port} of {address} cannot be listened on: {os.strerror(number or 0)}."
    return f"{reason} Choose another one: {command} {variable}={port + 100}, for example."
