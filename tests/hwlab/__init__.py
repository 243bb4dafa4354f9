"""`make hwlab`: lights on an emulated Raspberry Pi, buttons, USB printer, cameras and scanners in virtual machines.

Apart from `make test`: it downloads 500 MB the first time and takes minutes. README.md beside this file says what it
needs, what it builds and what it does not prove.
"""
