"""One request closely, as far as it needs no screen: what flowed, what changed on the way, and what each tab says."""
