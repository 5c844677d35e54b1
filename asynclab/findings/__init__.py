"""Names the causes of bugs: rules over what the model knows, each of which says only what it can prove."""
