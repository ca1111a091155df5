"""`python -m tangyin` is the command `tangyin`."""

from tangyin.cli.main import run

if __name__ == "__main__":
    run()
