"""The count room on the desk: what is read, written and shown."""
