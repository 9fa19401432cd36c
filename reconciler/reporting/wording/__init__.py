"""Every sentence about a code: what it means, and what the reader can do.

One module a subject. The rest of the room decides where a sentence goes, not how it reads.
"""
