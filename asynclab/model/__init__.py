"""What is known of a lab, folded from its events."""
