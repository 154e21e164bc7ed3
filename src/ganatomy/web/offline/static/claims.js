// The page of the claims: the recorded games of their lessons, each loaded when it is opened.
import { $, count, h, main } from "/assets/dom.js";
import { board } from "/assets/panels.js";
import { player } from "/assets/player.js";
import { about } from "/assets/prose.js";
import { game } from "/assets/recorded.js";

const { games } = JSON.parse($("#games").textContent);
const boards = [];

for (const place of document.querySelectorAll("details[data-games]")) {
  place.addEventListener("toggle", () => place.open && !place.dataset.ready && open(place));
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => boards.forEach((each) => each.draw()));
main.dataset.ready = "yes";

async function open(place) {
  place.dataset.ready = "loading";
  try {
    const numbers = place.dataset.games.split(" ").map(Number), loaded = await Promise.all(numbers.map(game));
    const shown = numbers.map((number) => board(games[number].title, ["target", "points", "arrows"])), words = shown.map(() => h("div", { class: "prose" }));
    shown.forEach(({ element }, i) => $(".numbers", element).replaceWith(words[i]));
    const { rounds } = games[numbers[0]], last = rounds.length - 1;
    const time = player(last, (frame) => {
      shown.forEach((each, i) => {
        const figures = games[numbers[i]];
        each.update(loaded[i].at(frame));
        words[i].replaceChildren(h("p", {}, about(figures, figures.target, frame).join(" ")));
      });
      const said = `Move ${count(rounds[frame])} of ${count(rounds[last])}`;
      return [said, said];
    });
    place.append(time.element, h("div", { class: "boards" }, shown.map((each) => each.element)));
    boards.push(...shown);
    time.go(last);
    place.dataset.ready = "yes";
  } catch (error) {
    delete place.dataset.ready;
    place.append(h("p", { class: "problem", role: "alert" }, error.message));
  }
}
