"""This desk as a machine: its jobs, and whether it is fit. What the coalition says and does stands in the rooms."""
