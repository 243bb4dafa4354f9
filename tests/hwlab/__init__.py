"""`make hwlab`: the lights on an emulated Raspberry Pi, buttons and a USB printer in a virtual machine.

Apart from `make test`: it downloads 300 MB the first time and takes minutes. README.md beside this file says what it
needs, what it builds and what it does not prove.
"""
