"""``reconciler watch``: plans again and again, and shows what it found to people and machines.

It works with a reader alone: nothing in this room can change a workspace.
"""
