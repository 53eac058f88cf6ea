"""Entry point of `localr1` and `python -m localr1`."""


def main() -> None:
    """Run the command line."""
    from localr1 import quick_start

    quick_start.begin()
    from localr1.cli.main import main as run_command_line

    run_command_line()


if __name__ == "__main__":
    main()
