"""Verbs: what happens in a shop, one module per stage of the business. One public function is one transaction."""
