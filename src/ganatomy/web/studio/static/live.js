// A run while it trains: new points are fetched and added; the zoom stays.
import { count, every, get, h, main, post, problem, runAddress, show, state, verdictLine } from "/assets/dom.js";
import { gameAddress } from "/assets/lab_address.js";
import { Charts, framed, head, shades } from "/assets/run.js";

const MOST = 6000; // points of a curve; with more, everything is fetched again, thinned

export async function page(name) {
  const badge = h("span", {}), message = h("div", {}), top = h("section", { class: "two" }), verdict = h("section", { class: "findings" });
  const picture = h("img", { alt: "The newest samples", hidden: true }), real = h("img", { alt: "Real images" });
  const step = h("p", { class: "quiet", "aria-live": "polite" });
  const player = (label) => h("audio", { controls: true, preload: "none", "aria-label": label, hidden: true });
  const played = player("The newest sounds"), original = player("Real sounds");
  const list = h("dl", {}), events = h("table", { class: "events" }), buttons = h("div", { class: "bar controls" });
  const place = h("section", { class: "charts" });
  const charts = new Charts(place);
  show(name, head(name, [badge]), message, buttons, step, list, top, verdict, place,
    h("details", {}, h("summary", {}, "Events"), events));
  const drawnAt = h("figcaption", {}), frame = h("figure", {}, picture, played, drawnAt), more = h("div", { hidden: true }); // more: of a game of the lab
  top.append(frame, more, h("figure", {}, real, original, h("figcaption", {}, "Real: some of the training data. The generator never sees it.")));
  const controls = steering(name, buttons, message);
  let after = null, generation = -1, live = true, drawn = null, measured = "", diagnosed = null;

  async function update() {
    const query = after === null ? "" : `?after=${after}&generation=${generation}`;
    const news = await get(runAddress(name, query));
    const scores = JSON.stringify(news.scores);
    if (news.whole) charts.set([...news.charts, ...news.scores, ...news.evidence]);
    else {
      charts.add(news.charts);
      charts.put(news.evidence);
      if (scores !== measured) charts.put(news.scores);
    }
    after = news.generation < 0 || charts.points > MOST ? null : news.step;
    if (after !== null && !Number.isFinite(after)) after = null;
    generation = news.generation;
    live = news.active || news.read < 1;
    badge.replaceChildren(state(news.state));
    step.textContent = `${count(Math.max(news.step ?? 0, news.done))} steps${news.read < 1 ? `; ${Math.round(100 * news.read)}% of the records read, the rest sampled` : ""}`;
    list.replaceChildren(...news.facts.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]));
    if (news.error) message.replaceChildren(problem(news.error)); else if (!controls.waiting) message.replaceChildren();
    if (JSON.stringify(news.diagnosis) !== diagnosed) verdict.replaceChildren(...diagnosis(news.diagnosis));
    diagnosed = JSON.stringify(news.diagnosis);
    charts.shades = shades(news.diagnosis);
    charts.marks = news.marks;
    events.replaceChildren(...news.events.toReversed().map(row));
    real.parentElement.hidden = !news.reals;
    if (news.reals && !real.src) real.src = runAddress(name, "/files/reals.png");
    if (news.heard && !original.src) original.src = runAddress(name, "/files/reals.wav");
    original.hidden = !news.heard;
    controls.show(news);
    if (news.snapshots !== drawn || drawn === null) await paint(news);
    if (news.whole || news.charts.length || news.evidence.length || scores !== measured) await charts.draw();
    measured = scores;
  }

  async function paint(news) {
    drawn = news.snapshots;
    const { steps } = await get(runAddress(name, "/snapshots"));
    picture.hidden = !steps.length;
    drawnAt.textContent = steps.length ? `${news.lab ? "The game" : "Generated"} at step ${count(steps.at(-1))}.${news.lab ? "" : " Tile s is seed s."}` : "No samples yet. The first picture is drawn when the training starts.";
    if (steps.length) picture.src = runAddress(name, `/snapshots/${steps.at(-1)}.png?at=${drawn}`);
    played.hidden = !(news.heard && steps.length);
    if (!played.hidden) played.src = runAddress(name, `/snapshots/${steps.at(-1)}.wav?at=${drawn}`);
    if (!news.lab) return;
    top.classList.add("lab");
    if (picture.parentElement === frame) frame.prepend(framed(picture, true));
    more.hidden = false;
    more.replaceChildren(...game(news, name));
  }

  every(() => controls.waiting ? 1 : live ? 3 : 10, async () => {
    try {
      await update();
      main.dataset.ready = "yes";
    } catch (error) {
      message.replaceChildren(problem(error));
      live = false;
    }
  });
}

// What else there is of a game of the lab: how to read its picture, the same game on the page of the lab, the report.
function game({ game, report }, name) {
  return [
    ...(game?.reading ?? []).map((words) => h("p", {}, words)),
    h("p", { class: "bar" },
      game && h("a", { class: "button", href: gameAddress(game.options) }, "▶ Play this game in the lab"),
      report && h("a", { class: "button", href: runAddress(name, "/files/report.html"), target: "_blank", rel: "noopener" }, "The report")),
  ];
}

// The diagnosis up to now, as in the report.
function diagnosis(found) {
  if (!found) return [];
  return [
    h("h2", {}, "Diagnosis"),
    verdictLine(found.state, found.sentence),
    ...(found.next ? [h("p", {}, found.next.words)] : []),
    ...(found.next?.command ? [h("pre", {}, found.next.command)] : []),
    ...found.findings.map((each) => h("div", {},
      h("h3", {}, each.title, " ", h("small", {}, `${each.certainty}; ${each.when}`)),
      h("p", {}, each.meaning, each.evidence && h("small", {}, ` Evidence, shaded in the charts: ${each.evidence}.`)),
      h("p", {}, `What helps: ${each.remedy}.`),
      each.command && h("pre", {}, each.command))),
  ];
}

function row(event) {
  const { event: what, time, ...rest } = event;
  const words = Object.entries(rest).map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  return h("tr", {}, h("td", { class: "quiet" }, String(time ?? "").slice(0, 19).replace("T", " ")), h("td", {}, String(what)), h("td", {}, words.join(", ")));
}

// Buttons that control a training. It reads requests about once a second.
function steering(name, place, message) {
  const controls = { waiting: false, show };
  const ask = async (wanted, label) => {
    try {
      await post(runAddress(name, "/control"), wanted);
      message.replaceChildren(h("p", { class: "notice", role: "status" }, `${label}: requested. The training reads it within a second or two.`));
    } catch (error) { message.replaceChildren(problem(error)); }
    controls.waiting = true; // so the result is fetched sooner
    setTimeout(() => { controls.waiting = false; }, 6000);
  };
  const pause = h("button", { type: "button", onclick: () => ask({ pause: !controls.paused }, controls.paused ? "Continue" : "Pause") });
  const stop = h("button", { type: "button", onclick: () => confirm("Save a checkpoint and end the training?") && ask({ stop: true }, "Stop") }, "■ Stop and save");
  const snapshot = h("button", { type: "button", onclick: () => ask({ snapshot: true }, "Snapshot") }, "▦ Snapshot");
  const rates = {}, form = h("form", { class: "rates", onsubmit: (event) => {
    event.preventDefault();
    const wanted = Object.fromEntries(Object.entries(rates).filter(([, input]) => input.value !== input.dataset.now).map(([player, input]) => [player, Number(input.value)]));
    if (Object.keys(wanted).length) ask({ learning_rates: wanted }, "Learning rates");
  } });
  place.append(pause, stop, snapshot, form);

  function show(news) {
    place.hidden = !news.active || news.lab;
    controls.paused = news.state === "paused";
    pause.textContent = controls.paused ? "▶ Continue" : "❚❚ Pause";
    for (const [player, rate] of Object.entries(news.rates)) {
      if (rates[player]) {
        if (rates[player] !== document.activeElement && rates[player].dataset.now !== String(rate)) rates[player].value = rates[player].dataset.now = rate;
        continue;
      }
      rates[player] = h("input", { type: "number", step: "any", min: "0", "data-now": rate, value: rate });
      form.append(h("label", {}, `Learning rate of the ${player} `, rates[player]));
    }
    if (Object.keys(rates).length && !form.querySelector("button")) form.append(h("button", {}, "Change"));
  }
  return controls;
}
