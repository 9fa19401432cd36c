"""``python -m reconciler``: the command line, where its script is not on the ``PATH``."""

from reconciler.cli import main

if __name__ == "__main__":
    main()
