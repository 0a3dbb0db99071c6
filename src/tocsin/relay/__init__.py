"""The relay: keeps sealed records in order and holds no key that opens anything.

In come requests signed by devices of a coalition, and age files from people nobody knows; out go the same
bytes, a number for each record, and a signed head over all of them. Read `shape` (what is refused on sight),
`store` (`models`, `writer`, `append`: one order, one commit), `api` (`door`, then one module per path),
`settings` and `serve`. It makes no outbound connection and writes down no address, agent or time of day.
"""
