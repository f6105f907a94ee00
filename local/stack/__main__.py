"""`python -m local.stack`: the whole application on this machine, until Ctrl-C."""

import signal


def main() -> None:
    # Until there is something to clean up, Ctrl-C ends this process without a word: the imports take a second or two.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from local.stack import command

    command.main()


if __name__ == "__main__":
    main()
