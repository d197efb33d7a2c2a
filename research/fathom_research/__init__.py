"""Training and evaluation of the encoder and of the ranking: what a checkout has and an installation has not.

Nothing that runs imports this package. It imports the engine.
"""
