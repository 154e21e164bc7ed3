"""A trained generator as a file to ship: ONNX graph, web page, weights."""
