"""What is computed of the record's figures, for a run that keeps it and for a page that only shows it. Writes nothing.

``recompute`` keeps what these functions say of accepted figures; a return's page asks them of a figure that is being typed, and a
formula's preview of a formula that is not saved: the same figures, the same words.
"""
