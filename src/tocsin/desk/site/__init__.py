"""The page on 127.0.0.1: one process, one desk, one person. No database: what is shown is asked of the desk each time.

Read in this order: `settings`; `session` (locked or unlocked, and the thread that syncs), `entrance` (the one-time link and
the cookie), `guard` (what every request must pass and every answer carries), `errors` (trouble as a page), `urls`, `pages`
(entrance, unlocking, home), `home` (what needs you now); `serve` starts it. The rooms' pages lie in the rooms.
"""
