"""`python -m tihuo`."""

from tihuo.cli import main

if __name__ == "__main__":
    main()
