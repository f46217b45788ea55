"""From a reading to the operation: which segment was done how, for what, each with its words."""
