"""From text to a spaCy ``Doc`` whose sections, levels and mentions carry their context."""
