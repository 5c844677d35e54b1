"""Line-API views of the model."""
