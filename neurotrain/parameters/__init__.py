"""What training may change: named blocks of values, their constraints, and one flat vector."""
