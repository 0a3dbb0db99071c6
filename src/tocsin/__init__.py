"""Tocsin: hear the purge, count honestly, get a quorum to act, bring people to safety. Seized whole, it names no one."""

__version__ = "0.1.0"
