"""Where containers reach this machine."""

import fcntl
import socket
import struct
import sys

# On Linux, see netdevice(7). The result is a struct ifreq: 16 bytes of name, 4 of family and port, then the address.
_SIOCGIFADDR = 0x8915
_ADDRESS = slice(20, 24)


def bridge_address(interface: str = "docker0") -> str | None:
    """The IPv4 address of Docker's bridge, which a plain Linux engine calls `host-gateway`; None without a bridge.

    Docker Desktop has none: its containers reach this machine's loopback.
    """
    if sys.platform != "linux":
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            response = fcntl.ioctl(any_socket, _SIOCGIFADDR, struct.pack("256s", interface.encode()))
        except OSError:
            return None
    return socket.inet_ntoa(response[_ADDRESS])
