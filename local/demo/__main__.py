"""`python -m local.demo`: runs the demo, and exits with 1 if anything is unaccounted for."""

import os
import signal
import sys

if __name__ == "__main__":
    # While there is nothing to end yet, Ctrl-C ends this process as it ends any program.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from local.demo.command import main

    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The demo's processes are gone. Threads that still wait for them are not worth waiting for.
    os._exit(status)
