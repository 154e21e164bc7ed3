// A game on points, live: its moves, what there is to see, and its address.
import { $, choice, count, digits, field, h, main, order, problem, show } from "/assets/dom.js";
import { Paper, board } from "/assets/panels.js";

const TARGETS = { line: "a Gaussian", two: "two modes", segments: "two intervals", ring: "ring", grid: "grid", spiral: "spiral", moons: "moons", drawn: "draw your own" };
const OBJECTIVES = ["minimax", "non_saturating", "least_squares", "wasserstein", "hinge", "relativistic_pairing"];
const BEGIN = { target: "ring", objective: "non_saturating", other: "", penalty: "", clip: "0", k: "1", lr_g: "0.0005", lr_d: "0.0005", width: "64", seed: "0", draw: "" };
const LETTERS = { r: "round", d: "discriminator", g: "generator" };
const OPTIMUM = { at_once: 50, most: 3000, looks: 5, gain: 0.003 }; // D is trained until V has stopped rising
const SLOW = 1100; // milliseconds a move

export async function page() {
  const query = new URLSearchParams(location.search);
  const asked = Object.fromEntries(Object.entries(BEGIN).map(([name, value]) => [name, query.get(name) ?? value]));
  const table = { asked, moves: moves(query.get("moves") ?? ""), games: [], busy: false, task: null };
  const said = h("div", {}), caption = h("p", { class: "caption", role: "status", "aria-live": "polite" });
  const boards = h("div", { class: "boards" }), form = h("form", { class: "options", onsubmit: (event) => event.preventDefault() });
  const paper = new Paper(asked.draw, (text) => { asked.draw = text; restart(); });

  // --- what is played
  const set = (name) => (value) => { asked[name] = value; paper.element.hidden = asked.target !== "drawn"; restart(); };
  const number = (name, words, rest) => field(words, h("input", { type: "number", step: "any", ...rest, value: asked[name], onchange: (event) => set(name)(event.target.value) }));
  form.append(
    field("Target", choice(TARGETS, asked.target, set("target"))), paper.element,
    field("Objective", choice(OBJECTIVES, asked.objective, set("objective"))),
    field("Beside it, from the same seed", choice({ "": "nothing", ...Object.fromEntries(OBJECTIVES.map((each) => [each, each.replaceAll("_", " ")])) }, asked.other, set("other"))),
    number("k", "k: D's steps for one of G's", { min: 1, max: 100, step: 1 }),
    number("lr_d", "D's learning rate", { min: 0 }), number("lr_g", "G's learning rate", { min: 0 }),
    field("Penalties", h("input", { value: asked.penalty, placeholder: "r1:0.1, wgan_gp:1", onchange: (event) => set("penalty")(event.target.value.replaceAll(" ", "")) })),
    number("clip", "Clip D's weights to ±", { min: 0 }), number("width", "Units a layer", { min: 2, max: 256, step: 1 }), number("seed", "Seed", { min: 0, step: 1 }));
  paper.element.hidden = asked.target !== "drawn";

  // --- what one can do
  const speed = choice({ 1: "1 round a picture", 5: "5 rounds a picture", 25: "25 rounds a picture" }, "5");
  const button = (words, key, work, name) => h("button", { type: "button", title: `Key: ${key}`, "data-key": key, "data-do": name, onclick: work }, words);
  const play = button("▶ Play", "p", () => task("play", playing), "play");
  const buttons = [
    play, button("Step D", "d", () => once("d"), "d"), button("Step G", "g", () => once("g"), "g"), button("One round", "r", () => once("r"), "r"),
    button("Train D to its optimum", "o", () => task("optimum", optimum), "optimum"), button("Slow motion", "s", () => task("slow", slowly), "slow"),
    button("Take back", "b", back, "back"), button("Start over", "n", () => { table.moves = []; restart(true); }, "over"),
  ];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    buttons.find((each) => each.dataset.key === event.key)?.click();
  });
  show("Lab", h("h1", {}, "Lab"), h("p", {}, "Of these points everything is known: how probable they are, the best discriminator there is, and what the game is worth."),
    said, h("div", { class: "labroom" }, form, h("div", {}, h("div", { class: "bar" }, buttons, speed), caption, boards)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => table.games.forEach((game) => game.board.draw()));

  // --- how it goes
  async function restart(fresh = true) {
    if (fresh) table.moves = [];
    stop();
    address();
    await turn(async () => {
      const objectives = [asked.objective, asked.other].filter(Boolean);
      table.games = objectives.map((objective) => ({ id: crypto.randomUUID(), objective, board: board(objective) }));
      boards.replaceChildren(...table.games.map((game) => game.board.element));
      for (const game of table.games) await begin(game);
      caption.textContent = table.games[0].board.told;
      let done = 0;
      const all = table.moves.reduce((sum, [, times]) => sum + times, 0);
      for (const [letter, times] of table.moves) {
        for (let left = times; left > 0; left -= 50) {
          await move(letter, Math.min(left, 50), true, false);
          done += Math.min(left, 50);
          caption.textContent = `Playing the ${count(all)} moves of this address: ${count(done)} …`;
        }
      }
      await look();
    });
  }

  const begin = async (game) => game.board.take(await order("/api/lab", { table: game.id, do: "new", options: options(asked, game.objective), quick: true }));

  async function move(letter, times, quick, note = true) {
    for (const game of table.games) {
      const answer = await order("/api/lab", { table: game.id, do: LETTERS[letter], times, quick });
      if (answer.gone) throw new Error("This game is over: the process behind it began anew. Load the page again; its address has all moves.");
      game.board.take(answer);
    }
    if (!note) return;
    const before = table.moves.at(-1);
    if (before?.[0] === letter) before[1] += times; else table.moves.push([letter, times]);
  }

  async function look() {
    for (const game of table.games) game.board.take(await order("/api/lab", { table: game.id, do: "look" }));
    caption.textContent = table.games[0].board.told;
    main.dataset.moves = table.games[0]?.board.seen?.moves ?? 0;
    main.dataset.ready = "yes";
    address();
  }

  async function turn(work) { // one at a time; what goes wrong is said
    if (table.busy) return;
    table.busy = true;
    try { said.replaceChildren(); await work(); } catch (error) { stop(); said.replaceChildren(problem(error)); } finally { table.busy = false; }
  }

  function once(letter) { stop(); turn(async () => { await move(letter, 1, false); await look(); }); }
  function back() {
    stop();
    turn(async () => {
      for (const game of table.games) game.board.take(await order("/api/lab", { table: game.id, do: "back" }));
      const left = table.games[0].board.seen.moves;
      while (table.moves.reduce((sum, [, times]) => sum + times, 0) > left) if (--table.moves.at(-1)[1] === 0) table.moves.pop();
      await look();
    });
  }
  function stop() {
    table.task = null;
    for (const each of buttons) each.removeAttribute("aria-pressed");
    play.textContent = "▶ Play";
  }
  function task(name, work) { // what goes on until it is stopped
    if (table.task === name) { stop(); return; }
    stop();
    table.task = name;
    $(`[data-do=${name}]`).setAttribute("aria-pressed", "true");
    if (name === "play") play.textContent = "❚❚ Pause";
    const goes = () => table.task === name;
    turn(async () => {
      await work(goes);
      if (goes()) stop();
      await look();
    });
  }
  async function playing(goes) {
    while (goes()) {
      await move("r", Number(speed.value), true);
      caption.textContent = table.games[0].board.told;
      await new Promise(requestAnimationFrame);
    }
  }
  async function optimum(goes) {
    const values = [];
    for (let steps = 0; goes() && steps < OPTIMUM.most; steps += OPTIMUM.at_once) {
      await move("d", OPTIMUM.at_once, true);
      values.push(Math.min(...table.games.map((game) => game.board.seen.value)));
      caption.textContent = `The generator waits; D has made ${count(steps + OPTIMUM.at_once)} steps. ${table.games[0].board.told}`;
      const before = values.at(-1 - OPTIMUM.looks);
      if (before !== undefined && values.at(-1) - before < OPTIMUM.gain) break;
      await new Promise(requestAnimationFrame);
    }
  }
  async function slowly(goes) {
    while (goes()) {
      for (let turn = 0; goes() && turn < Number(asked.k); turn++) {
        caption.textContent = "The discriminator's move: fresh real points and fresh fakes; it becomes bluer where the real ones are, and more orange where the fakes are.";
        await move("d", 1, true);
        await new Promise((done) => setTimeout(done, SLOW));
      }
      if (!goes()) return;
      caption.textContent = "The generator's move: its points follow the arrows, the slope of the discriminator. It has seen no real point.";
      await move("g", 1, true);
      await new Promise((done) => setTimeout(done, SLOW));
    }
  }

  function address() {
    const said = new URLSearchParams(Object.entries(asked).filter(([name, value]) => value !== BEGIN[name]));
    if (table.moves.length) said.set("moves", table.moves.map(([letter, times]) => `${letter}${times}`).join("."));
    history.replaceState(null, "", `/lab${said.size ? `?${said}` : ""}`);
  }

  await restart(false);
}

function moves(text) { // r40.d50 → [["r", 40], ["d", 50]], 20,000 at most
  let left = 20000;
  return text.split(".").map((part) => /^([rdg])(\d{1,5})$/.exec(part)).filter(Boolean).map(([, letter, times]) => {
    const taken = Math.min(Number(times), left);
    left -= taken;
    return [letter, taken];
  }).filter(([, times]) => times > 0);
}

function options(asked, objective) {
  const penalties = Object.fromEntries(asked.penalty.split(",").filter(Boolean).map((part) => part.split(":")).map(([name, weight]) => [name, Number(weight ?? 1)]));
  const drawing = asked.target === "drawn" ? Paper.points(asked.draw) : [];
  if (asked.target === "drawn" && !drawing.length) throw new Error("Draw a target first: drag over the paper.");
  return {
    lab: asked.target === "drawn" ? "ring" : asked.target, drawing, objective, penalties, clip: Number(asked.clip), k: Number(asked.k),
    learning_rate_generator: Number(asked.lr_g), learning_rate_discriminator: Number(asked.lr_d), width: Number(asked.width), seed: Number(asked.seed),
  };
}
