"""Names the causes of bugs. Each rule reads the model, and says only what it can prove."""
