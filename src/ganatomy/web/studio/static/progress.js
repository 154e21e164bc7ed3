// What was done of the course: step → what was predicted and measured. In this browser only.
const STORED = "ganatomy-course";

export function progress() {
  try { return JSON.parse(localStorage.getItem(STORED)) ?? {}; } catch { return {}; }
}

export function remember(step, record) {
  try { localStorage.setItem(STORED, JSON.stringify({ ...progress(), [step]: record })); } catch { /* private windows store nothing */ }
}

export function forget() {
  try { localStorage.removeItem(STORED); } catch { /* as above */ }
}
