// The first page: a small game that plays at once, and the ways from here.
import { count, get, h, main, post, problem, show } from "/assets/dom.js";
import { gameAddress } from "/assets/lab_address.js";
import { board } from "/assets/panels.js";
import { progress } from "/assets/progress.js";
import { card } from "/assets/runs.js";

const GAME = { lab: "ring", objective: "relativistic_pairing", penalties: { r1: 0.1, r2: 0.1 }, learning_rate_generator: 0.001, learning_rate_discriminator: 0.001 };
const ROUNDS = 400, AT_ONCE = 2; // of a game; between two pictures. A page left open does not compute for ever.
const RUNS = 4; // the newest

export async function page() {
  const game = board(GAME.objective, ["target", "field", "points"]), id = crypto.randomUUID();
  const message = h("div", {}), caption = h("p", { class: "quiet", role: "status" }, "The game begins …");
  const play = h("button", { type: "button", class: "primary", onclick: () => { playing = !playing; label(); run(); } });
  const runs = h("section", {}), begun = Object.keys(progress()).length > 0;
  const course = h("a", { class: "button strong", href: "/learn" }, begun ? "Go on learning →" : "Learn it in an hour →");
  let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches, busy = false, seed = 0;
  show("Welcome", message, h("div", { class: "home" },
    h("div", {}, h("h1", {}, "Watch a GAN learn"),
      h("p", {}, "The generator’s points have to become like the grey target, which the generator never sees. All that it is told is what the discriminator thinks of its points: blue where they look real, orange where they look generated."),
      h("p", { class: "bar" }, play, course), caption),
    game.element,
    h("nav", { class: "ways", "aria-label": "Where to go" },
      h("a", { href: gameAddress(GAME) }, h("b", {}, "Play it yourself"), h("span", {}, "The lab: step by step, other targets, other objectives")),
      h("a", { href: "/lessons" }, h("b", {}, "Predict, then see"), h("span", {}, "Lessons: each a question that an experiment answers")),
      h("a", { href: "/new" }, h("b", {}, "Train on images"), h("span", {}, "A new run, on your own images")))), runs);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => game.draw());
  label();
  newest(runs).catch((error) => message.replaceChildren(problem(error)));
  await run();

  function label() {
    play.textContent = playing ? "❚❚ Pause" : game.view?.rounds >= ROUNDS ? "▶ Play again" : "▶ Play";
  }

  async function move(action, more) {
    const answer = await post("/api/lab", { game: id, action, quick: true, ...more });
    if (answer.gone) throw new Error("The studio no longer holds this game. Reload the page to start another.");
    game.update(answer);
    main.dataset.rounds = answer.rounds;
    main.dataset.ready = "yes";
    const { modes } = game.view;
    caption.textContent = `Round ${count(answer.rounds)} of ${count(ROUNDS)}${modes ? ` · ${modes.covered} of ${modes.of} places of the target are reached` : ""}`;
  }

  async function run() { // until it is paused, or at its end
    if (busy) return;
    busy = true;
    main.dataset.playing = "yes";
    try {
      if (!game.view || game.view.rounds >= ROUNDS) await move("new", { options: { ...GAME, seed: seed++ } });
      while (playing && game.view.rounds < ROUNDS) {
        if (document.hidden) await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
        await move("round", { times: AT_ONCE });
        await new Promise(requestAnimationFrame);
      }
    } catch (error) { message.replaceChildren(problem(error)); }
    busy = false;
    playing = false;
    main.dataset.playing = "no";
    label();
  }
}

async function newest(place) {
  const { runs } = await get("/api/runs");
  if (!runs.length) return;
  place.append(h("h2", {}, "Your runs"), h("div", { class: "cards" }, runs.slice(0, RUNS).map((run) => card(run))),
    h("p", {}, h("a", { href: "/runs" }, `All ${count(runs.length)} runs`)));
}
