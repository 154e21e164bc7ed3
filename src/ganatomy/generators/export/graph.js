// The graph beside a page, with onnxruntime-web to run it: {session, tensor}, tensor(type, data, shape) makes an input.
async function loadGraph() {
  if (location.protocol === "file:") {
    throw Error("the page has to come from a web server: run “python3 -m http.server” here and open http://localhost:8000.");
  }
  const beside = (name) => new URL(name, location.href).href;
  const ort = await import(beside("onnxruntime.js"));
  ort.env.wasm.wasmPaths = { wasm: beside("onnxruntime.wasm") };
  ort.env.wasm.numThreads = 1;  // more would need headers that a plain host of files does not send
  ort.env.wasm.proxy = true;  // in a worker: the page stays alive while a large picture is drawn
  const session = await ort.InferenceSession.create(beside("model.onnx"));
  return { session, tensor: (...parts) => new ort.Tensor(...parts) };
}
