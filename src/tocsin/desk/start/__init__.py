"""Before there is a desk: found a coalition with others, or join one by invitation.

Read in this order: `state` (what was done so far, sealed beside the keyring), `passphrase`, `founding` (cards, proposal,
signatures, lodging), `joining` (twelve words, an answer, waiting for the roll), `trial` (a relay on this machine, for an
exercise), `queries` and `pages`. What follows once there is a desk is in `tocsin.desk.beginning`.
"""
