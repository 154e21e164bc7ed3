// Runs the page's script, which the server names.
import { $, main, meta, problem, show } from "/assets/dom.js";

$(".skip").addEventListener("click", () => main.focus());

try {
  const { page } = await import(`/assets/${meta("script")}.js`);
  await page(decodeURIComponent(location.pathname.split("/")[2] ?? "")); // the name of a run or a lesson
} catch (error) {
  console.info(error.message);
  show("Problem", problem(error));
}
