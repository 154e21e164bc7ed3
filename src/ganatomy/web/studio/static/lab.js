// A game on points, played move by move. The page's address holds the game and all of its moves.
import { $, choice, count, field, get, h, main, post, problem, show, spaced } from "/assets/dom.js";
import { PARAMETERS } from "/assets/lab_address.js";
import { animation, download, encoded } from "/assets/loop.js";
import { board } from "/assets/panels.js";
import { Paper } from "/assets/paper.js";
import { save, sheet } from "/assets/picture.js";

const DRAWN = "drawn"; // the target that is drawn on the page
const LETTERS = { r: "round", d: "discriminator", g: "generator" }; // moves in the address
const OPTIMUM = { at_once: 50, most: 3000, compared: 5, gain: 0.003 }; // D is trained until V has stopped rising
const PART = 50; // moves of a request while an address is replayed
const LOOP = { frames: 60, quality: 0.85, frame: 100, last: 1500 }; // frames at most; milliseconds of each, and of the last
const SLOW = 1100; // milliseconds per move in slow motion

export async function page() {
  const [{ targets, objectives, penalties, options, max_width, max_points }, { lessons }] = await Promise.all([get("/api/lab"), get("/api/lessons")]);
  const defaults = Object.fromEntries(Object.entries(PARAMETERS).map(([name, option]) => [name, option ? String(options[option].default) : ""]));
  const query = new URLSearchParams(location.search);
  const chosen = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, query.get(name) ?? value]));
  const lab = { moves: moves(query.get("moves") ?? ""), games: [], busy: false, task: null };
  const message = h("div", {}), caption = h("p", { class: "caption", role: "status", "aria-live": "polite" });
  const boards = h("div", { class: "boards" }), form = h("form", { class: "options", onsubmit: (event) => event.preventDefault() });
  const paper = new Paper(chosen.draw, max_points, (text) => { chosen.draw = text; restart(); });

  // --- the options
  const set = (name) => (value) => { chosen[name] = value; paper.element.hidden = chosen.target !== DRAWN; restart(); };
  const number = (name, label, rest) => field(label, h("input", { type: "number", step: "any", ...rest, value: chosen[name], onchange: (event) => set(name)(event.target.value) }));
  const whole = (name, label, max) => number(name, label, { min: options[PARAMETERS[name]].minimum, max: max ?? options[PARAMETERS[name]].maximum, step: 1 });
  const named = Object.fromEntries(Object.keys(objectives).map((name) => [name, spaced(name)]));
  form.append(
    explained("Target", Object.fromEntries([...Object.keys(targets).map((name) => [name, spaced(name)]), [DRAWN, "draw your own"]]), targets, chosen.target, set("target")),
    explained("Objective", named, objectives, chosen.objective, set("objective")),
    field("Beside it, from the same seed", choice({ "": "nothing", ...named }, chosen.other, set("other"))),
    whole("k", "k: steps of D for one of G"),
    number("lr_d", "Learning rate of D", { min: 0 }), number("lr_g", "Learning rate of G", { min: 0 }),
    field("Penalties", h("input", { value: chosen.penalty, placeholder: "NAME:WEIGHT, …", title: Object.entries(penalties).map((each) => each.join(": ")).join("\n"), onchange: (event) => set("penalty")(event.target.value.replaceAll(" ", "")) }), `Names: ${Object.keys(penalties).join(", ")}`),
    number("clip", "Clip the weights of D to ±", { min: 0 }), whole("width", "Units per layer", max_width), whole("batch", "Points per batch"), whole("seed", "Seed"));
  paper.element.hidden = chosen.target !== DRAWN;

  // --- the moves
  const speed = choice({ 1: "1 round at once", 5: "5 rounds at once", 25: "25 rounds at once" }, "5");
  const button = (label, key, work, name) => h("button", { type: "button", title: `Key: ${key}`, "data-key": key, "data-do": name, onclick: work }, label);
  const play = button("▶ Play", "p", () => task("play", playing), "play");
  play.classList.add("primary");
  const buttons = [
    button("Step D", "d", () => once("d"), "d"), button("Step G", "g", () => once("g"), "g"), button("One round", "r", () => once("r"), "r"),
    button("Train D to its optimum", "o", () => task("optimum", optimum), "optimum"), button("Slow motion", "s", () => task("slow", slowly), "slow"),
    button("Take back", "b", undo, "undo"), button("Start over", "n", () => { lab.moves = []; restart(true); }, "over"), play,
  ];
  const presets = Object.fromEntries(lessons.filter((each) => each.lab).map((each) => [each.lab, each]));
  const here = presets[location.search.slice(1)];
  const preset = choice({ "": "Presets", ...Object.fromEntries(Object.entries(presets).map(([query, each]) => [query, each.title])) }, here?.lab ?? "", (query) => query && location.assign(`/lab?${query}`));
  preset.setAttribute("aria-label", "Presets: games of the lessons");
  const copy = h("button", { type: "button", onclick: async () => {
    let words = "The link is copied: it holds the game and all of its moves.";
    try { await navigator.clipboard.writeText(location.href); } catch { words = `The link to this game, to copy by hand: ${location.href}`; }
    message.replaceChildren(h("p", { class: "notice", role: "status" }, words));
  } }, "Copy link");
  const picture = (kind) => `ganatomy-${chosen.target}-${lab.games[0].board.view.moves}.${kind}`; // its file
  const still = h("button", { type: "button", onclick: () => save(lab.games.map((game) => game.board), picture("png")) }, "Save as PNG");
  const loop = h("button", { type: "button", title: "Plays the game once more from its start, and keeps it as an animation", onclick: record }, "Save as loop");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    buttons.find((each) => each.dataset.key === event.key)?.click();
  });
  show("Lab", h("h1", {}, "Lab"), h("p", { class: "intro" }, "A game whose theory can be computed: the density of the data, the optimal discriminator, and the value of the game are known."),
    message, h("div", { class: "lab-page" }, form, h("div", {}, here?.see && h("p", { class: "notice" }, here.see), paper.element,
      h("div", { class: "bar" }, play, speed, preset, copy, still, loop), h("div", { class: "bar" }, buttons.filter((each) => each !== play)), caption, boards)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => lab.games.forEach((game) => game.board.draw()));

  // --- the game
  async function restart(fresh = true) {
    if (fresh) lab.moves = [];
    stop();
    address();
    const blank = chosen.target === DRAWN && !Paper.points(chosen.draw).length; // nothing is drawn yet
    for (const each of [...buttons, copy, still, loop]) each.disabled = blank;
    boards.hidden = blank;
    if (blank) {
      lab.games = [];
      message.replaceChildren();
      caption.textContent = "Draw a target on the paper, and play on it.";
      main.dataset.ready = "yes";
      return;
    }
    await exclusively(async () => {
      const played = [chosen.objective, chosen.other].filter(Boolean);
      lab.games = played.map((objective) => ({ id: crypto.randomUUID(), objective, board: board(objective) }));
      boards.replaceChildren(...lab.games.map((game) => game.board.element));
      for (const game of lab.games) await begin(game);
      caption.textContent = lab.games[0].board.caption;
      const all = total(lab.moves);
      await replay(lab.moves, (done) => { caption.textContent = `Playing the ${count(all)} moves of this address: ${count(done)} …`; });
      await view();
    });
  }

  async function replay(moves, told) { // told: called with how many are done
    let done = 0;
    for (const [letter, times] of moves) {
      for (let left = times; left > 0; left -= PART) {
        await move(letter, Math.min(left, PART), true, false);
        done += Math.min(left, PART);
        told?.(done);
      }
    }
  }

  function record() { // the game from its start, as a loop
    stop();
    exclusively(async () => {
      if (!lab.moves.length) throw new Error("Play first: a loop shows the moves of the game from its start.");
      const parts = parted(lab.moves, LOOP.frames), files = [], size = [];
      const keep = async () => {
        const canvas = sheet(lab.games.map((game) => game.board), 1);
        size.splice(0, 2, canvas.width, canvas.height);
        files.push(await encoded(canvas, LOOP.quality));
        caption.textContent = `Recording a loop: ${files.length} of ${parts.length + 1} frames …`;
      };
      for (const game of lab.games) await begin(game);
      await keep();
      for (const part of parts) {
        await replay(part);
        await keep();
      }
      await view();
      download(animation(files, size, files.map((_, i) => i === parts.length ? LOOP.last : LOOP.frame)), picture("webp"));
    });
  }

  const begin = async (game) => game.board.update(await post("/api/lab", { game: game.id, action: "new", options: gameOptions(chosen, game.objective), quick: true }));

  async function move(letter, times, quick, record = true) {
    for (const game of lab.games) {
      const answer = await post("/api/lab", { game: game.id, action: LETTERS[letter], times, quick });
      if (answer.gone) throw new Error("The studio no longer holds this game. Reload the page: its address has all moves.");
      game.board.update(answer);
    }
    if (!record) return;
    const before = lab.moves.at(-1);
    if (before?.[0] === letter) before[1] += times; else lab.moves.push([letter, times]);
  }

  async function view() {
    for (const game of lab.games) game.board.update(await post("/api/lab", { game: game.id, action: "view" }));
    caption.textContent = lab.games[0].board.caption;
    main.dataset.moves = lab.games[0]?.board.view?.moves ?? 0;
    main.dataset.ready = "yes";
    address();
  }

  async function exclusively(work) { // one at a time; errors are shown
    if (lab.busy) return;
    lab.busy = true;
    try { message.replaceChildren(); await work(); } catch (error) { stop(); message.replaceChildren(problem(error)); } finally { lab.busy = false; }
  }

  function once(letter) { stop(); exclusively(async () => { await move(letter, 1, false); await view(); }); }
  function undo() {
    stop();
    exclusively(async () => {
      for (const game of lab.games) game.board.update(await post("/api/lab", { game: game.id, action: "undo" }));
      const left = lab.games[0].board.view.moves;
      while (total(lab.moves) > left) if (--lab.moves.at(-1)[1] === 0) lab.moves.pop();
      await view();
    });
  }
  function stop() {
    lab.task = null;
    for (const each of buttons) each.removeAttribute("aria-pressed");
    play.textContent = "▶ Play";
  }
  function task(name, work) { // work that goes on until it is stopped
    if (lab.task === name) { stop(); return; }
    stop();
    lab.task = name;
    $(`[data-do=${name}]`).setAttribute("aria-pressed", "true");
    if (name === "play") play.textContent = "❚❚ Pause";
    const running = () => lab.task === name;
    exclusively(async () => {
      await work(running);
      if (running()) stop();
      await view();
    });
  }
  async function playing(running) {
    while (running()) {
      await move("r", Number(speed.value), true);
      caption.textContent = lab.games[0].board.caption;
      await new Promise(requestAnimationFrame);
    }
  }
  async function optimum(running) {
    const values = [];
    for (let steps = 0; running() && steps < OPTIMUM.most; steps += OPTIMUM.at_once) {
      await move("d", OPTIMUM.at_once, true);
      values.push(Math.min(...lab.games.map((game) => game.board.view.value)));
      caption.textContent = `The generator is held fixed; D has made ${count(steps + OPTIMUM.at_once)} steps. ${lab.games[0].board.caption}`;
      const before = values.at(-1 - OPTIMUM.compared);
      if (before !== undefined && values.at(-1) - before < OPTIMUM.gain) break;
      await new Promise(requestAnimationFrame);
    }
  }
  async function slowly(running) {
    while (running()) {
      for (let turn = 0; running() && turn < Number(chosen.k); turn++) {
        caption.textContent = "The discriminator's turn: it sees new real and generated points. Its panel becomes bluer at the real ones, and more orange at the generated ones.";
        await move("d", 1, true);
        await new Promise((done) => setTimeout(done, SLOW));
      }
      if (!running()) return;
      caption.textContent = "The generator's turn: its points follow the arrows, the gradient of its loss. It never sees a real point.";
      await move("g", 1, true);
      await new Promise((done) => setTimeout(done, SLOW));
    }
  }

  function address() {
    const stated = new URLSearchParams(Object.entries(chosen).filter(([name, value]) => value !== defaults[name]));
    if (lab.moves.length) stated.set("moves", lab.moves.map(([letter, times]) => `${letter}${times}`).join("."));
    history.replaceState(null, "", `/lab${stated.size ? `?${stated}` : ""}`);
  }

  await restart(false);
}

// A menu with a line below that explains what is chosen; one without a line has no explanation.
function explained(label, names, summaries, chosen, change) {
  const line = h("small", {}, summaries[chosen] ?? "");
  const menu = choice(names, chosen, (value) => { line.textContent = summaries[value] ?? ""; change(value); });
  return h("div", { class: "explained" }, field(label, menu), line);
}

function moves(text) { // r40.d50 → [["r", 40], ["d", 50]], 20,000 at most
  let left = 20000;
  return text.split(".").map((part) => /^([rdg])(\d{1,5})$/.exec(part)).filter(Boolean).map(([, letter, times]) => {
    const taken = Math.min(Number(times), left);
    left -= taken;
    return [letter, taken];
  }).filter(([, times]) => times > 0);
}

const total = (moves) => moves.reduce((sum, [, times]) => sum + times, 0);

function parted(moves, most) { // moves in at most so many parts, as equal as can be
  const queue = moves.map((each) => [...each]), all = total(moves), parts = Math.min(all, most);
  return Array.from({ length: parts }, (_, i) => {
    const part = [];
    for (let left = Math.round(all * (i + 1) / parts) - Math.round(all * i / parts); left > 0;) {
      const taken = Math.min(queue[0][1], left);
      part.push([queue[0][0], taken]);
      left -= taken;
      if ((queue[0][1] -= taken) === 0) queue.shift();
    }
    return part;
  });
}

function gameOptions(chosen, objective) {
  const options = { objective, penalties: {} };
  for (const part of chosen.penalty.split(",").filter(Boolean)) {
    const [name, weight] = part.split(":");
    options.penalties[name] = Number(weight ?? 1);
  }
  for (const [name, option] of Object.entries(PARAMETERS)) {
    if (option && !["lab", "objective"].includes(option)) options[option] = Number(chosen[name]);
  }
  if (chosen.target !== DRAWN) return { ...options, lab: chosen.target };
  return { ...options, drawing: Paper.points(chosen.draw) };
}
