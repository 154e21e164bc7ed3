// The page's address says what to show.
import { $, main, problem, show } from "/assets/dom.js";

const path = location.pathname.split("/").slice(1).map(decodeURIComponent);
const PARTS = { "": "live", timeline: "timeline", walk: "walk", evaluate: "evaluate" };
const room = path[0] === "run" ? PARTS[path[2] ?? ""] : { "": "runs", compare: "compare", new: "new", lab: "lab", lessons: "lessons" }[path[0]];

for (const link of document.querySelectorAll("nav a")) {
  const first = link.getAttribute("href").split("/")[1];
  if (first === path[0] || (first === "" && ["run", "compare"].includes(path[0]))) link.setAttribute("aria-current", "page");
}
$(".skip").addEventListener("click", () => main.focus());

try {
  if (!room) throw new Error("There is no such page.");
  const { page } = await import(`/assets/${room}.js`);
  await page(path[1]);
} catch (error) {
  console.info(error.message);
  show("Problem", problem(error));
}
