"""The replay: autumn 2017 through every room, with invented people, everything through a real relay and real desks.

Read in this order: `scenario` (what goes in), `exercise` (the coalition that is founded for it), `days` (what happens on
each day), `seizure` (what whoever takes the relay would have), `outcome` (the table).
"""
