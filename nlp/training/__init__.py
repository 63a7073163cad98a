"""How the shipped weights are made: base, data, train, export, evaluate; run in this order.

``python -m nlp.training --data DIR --work DIR`` runs the whole chain, ``python -m
nlp.training.<step>`` one step. Users of the product never need it.
"""
