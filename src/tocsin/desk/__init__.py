"""The desk: what a worker runs on their own machine. Keys, replica, judgement and calculation are here and nowhere else.

Read in this order: `errors`, `clock`; `keyfile` (the keyring under its passphrase), `replica` (the ledger as ciphertext on
disk), `store` (what the keys open, in memory), `wire` (the way to the relay), `desk` (all of them together: append, sync);
then one folder per room, and `site` (the page on 127.0.0.1).
"""
