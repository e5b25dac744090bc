"""Training: recipes, batches, augmentation, counterfactual consistency, the trainer."""
