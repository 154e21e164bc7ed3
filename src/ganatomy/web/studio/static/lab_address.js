// The address of a game of the lab.

// What it says, and the option of the game that it sets. Those without an option are the page's own.
export const PARAMETERS = {
  target: "lab", objective: "objective", other: null, penalty: null, clip: "clip", k: "k", lr_g: "learning_rate_generator",
  lr_d: "learning_rate_discriminator", width: "width", batch: "batch", seed: "seed", draw: null,
};

export function gameAddress(options) { // of config.yaml of a run
  const stated = Object.entries(PARAMETERS).filter(([, option]) => option && options[option] !== undefined).map(([name, option]) => [name, options[option]]);
  const penalties = Object.entries(options.penalties ?? {}).map((each) => each.join(":")).join(",");
  return `/lab?${new URLSearchParams(penalties ? [...stated, ["penalty", penalties]] : stated)}`;
}
