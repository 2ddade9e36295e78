"""The schema, the fence, live numbers and the stream."""
