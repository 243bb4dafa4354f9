"""tihuo (提货): the box on the counter of a neighbourhood shop that sells in livestreams."""

__version__ = "0.1.0"
