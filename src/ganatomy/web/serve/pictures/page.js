// Pictures by the server: a file as it is, where it can read it, otherwise what the canvas shows.
const SENT = ["image/png", "image/jpeg", "image/webp"];

async function apply(canvas, file) {
  const body = SENT.includes(file?.type) ? file : await new Promise((done) => canvas.toBlob(done));
  const answer = await fetch("apply", { method: "POST", headers: { "Content-Type": body.type }, body });
  if (!answer.ok) throw Error((await answer.json()).error);
  return answer.blob();
}

start();
