"""Neural networks: TARNet, TNet and their training."""
