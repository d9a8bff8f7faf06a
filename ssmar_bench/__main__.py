"""``python -m ssmar_bench``: the command line, where its program is not on the path."""

from ssmar_bench.cli import main

if __name__ == "__main__":
    main()
