"""The intake room on the desk: what is read, written and shown."""
