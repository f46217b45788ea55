"""How the trained components are made: prepare, train, evaluate, package."""
