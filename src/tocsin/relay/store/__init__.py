"""What the relay keeps, and the one way in which it changes.

`models` are the tables, `writer` commits everything that waits in one transaction, `append` is the rule for
records, `folders`, `beside` and `lodging` the rules for all else; `attachments` lie on disk. Read them in
that order.
"""
