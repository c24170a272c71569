"""The review page: a local page on which people read, mend, accept and drop captions, and its files for other tools."""
