// What the pages do better with a script. Everything here works without it too, a page at a time.

const busy = new WeakSet();

// A form is sent once, and says that it is under way.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (busy.has(form)) {
    event.preventDefault();
    return;
  }
  busy.add(form);
  const button = event.submitter ?? form.querySelector("button");
  if (button && form.method === "post") {
    button.setAttribute("aria-disabled", "true");
    button.textContent = document.body.dataset.busy;
  }
});
// Who comes back by the browser's own button finds the page as it was left.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Nothing is lost when a link to an element inside a closed fold is followed.
function unfold() {
  const aim = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const fold = aim && aim.closest("details");
  if (fold) {
    fold.open = true;
    aim.scrollIntoView();
  }
}
addEventListener("hashchange", unfold);
unfold();

// -- who else has this task open; told only while somebody works on the page

const presence = document.querySelector("[data-presence]");
if (presence) {
  const minute = 60000;
  let active = Date.now();
  for (const kind of ["keydown", "pointerdown", "scroll"]) {
    addEventListener(kind, () => (active = Date.now()), { passive: true });
  }
  setInterval(async () => {
    if (document.hidden || Date.now() - active > 5 * minute) return;
    const headers = { "X-CSRF": presence.dataset.csrf };
    const answer = await fetch(presence.dataset.presence, { method: "POST", headers }).catch(() => null);
    if (!answer?.ok) return;
    const told = await answer.json();
    const panel = document.createElement("div");
    panel.className = "panel wait";
    for (const line of told.others) panel.append(Object.assign(document.createElement("p"), { textContent: line }));
    if (presence.textContent.trim() !== panel.textContent) presence.replaceChildren(...(told.others.length ? [panel] : []));
  }, minute);
}

// -- answers are kept as they are given, and questions come and go with them

for (const form of document.querySelectorAll("form[data-save]")) keepSaving(form);

function keepSaving(form) {
  const said = form.querySelector("[data-saved]");
  let timer = 0;
  let running = null;
  const save = async () => {
    running?.abort();
    running = new AbortController();
    const sent = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.action.split("#")[0], {
        method: "POST",
        body: sent,
        headers: { "X-CSRF": sent.get("_csrf") ?? "" },
        signal: running.signal,
      });
      const told = await answer.json();
      if (!answer.ok) {
        said.textContent = answer.status === 401 ? said.dataset.signedOut : told.message;
        return;
      }
      for (const field of form.querySelectorAll("[data-field]")) {
        field.hidden = !told.asked.includes(field.dataset.field);
      }
      said.textContent = told.message;
    } catch (error) {
      if (error.name !== "AbortError") said.textContent = said.dataset.failed;
    }
  };
  const soon = (wait) => {
    clearTimeout(timer);
    said.textContent = said.dataset.saving;
    timer = setTimeout(save, wait);
  };
  form.addEventListener("change", () => soon(50));
  form.addEventListener("input", () => soon(1200));
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    running?.abort();
  });
}

// -- files go straight to the store, with their digest and how far they are

const list = document.querySelector("[data-files]");
const words = document.querySelector("[data-words]")?.dataset;
let watching = 0;
if (list && words && crypto.subtle) {
  for (const form of list.querySelectorAll("form")) sendStraight(form);
  if (list.dataset.checking) watch();
}

function sendStraight(form) {
  const input = form.querySelector("input[type=file]");
  form.querySelector("[data-send]").hidden = true;
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("change", () => input.files[0] && send(form, input.files[0]));
}

async function send(form, file) {
  const item = form.closest("[data-kind]");
  const bar = form.querySelector("progress");
  const fault = form.querySelector("[data-fault]");
  const input = form.querySelector("input[type=file]");
  const before = [...item.querySelector("[data-state]").childNodes];
  const fail = (text) => {
    item.querySelector("[data-state]").replaceChildren(...before);
    bar.hidden = true;
    fault.textContent = text;
    fault.hidden = false;
    form.classList.add("wrong");
    input.value = "";
    input.disabled = false;
    input.focus();
  };
  fault.hidden = true;
  form.classList.remove("wrong");
  input.disabled = true;
  bar.hidden = false;
  bar.value = 0;
  mark(item, words.computing);
  try {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const announced = await fetch(list.dataset.announce, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF": list.dataset.csrf },
      body: JSON.stringify({
        kind: item.dataset.kind,
        filename: file.name,
        content_type: file.type || "application/octet-stream",
        size: file.size,
        sha256: hex,
      }),
    });
    const told = await announced.json();
    if (announced.status === 401) return fail(words.signedOut);
    if (!announced.ok) return fail(told.message);
    mark(item, words.sending);
    await post(told, file, (share) => (bar.value = Math.round(100 * share)));
    bar.hidden = true;
    input.disabled = false;
    input.value = "";
    name(item, file.name);
    mark(item, words.received);
    watch();
  } catch {
    fail(words.failed);
  }
}

// fetch cannot tell how far an upload is.
function post({ url, fields }, file, progress) {
  return new Promise((done, failed) => {
    const form = new FormData();
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
    form.append("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener("load", () => (request.status < 300 ? done() : failed(new Error(String(request.status)))));
    request.addEventListener("error", failed);
    request.addEventListener("timeout", failed);
    request.send(form);
  });
}

function watch(wait = 800) {
  clearTimeout(watching);
  watching = setTimeout(async () => {
    const answer = await fetch(list.dataset.files, { headers: { "X-CSRF": list.dataset.csrf } });
    if (!answer.ok) return;
    const told = await answer.json();
    for (const item of list.querySelectorAll("[data-kind]")) {
      const file = told.files[item.dataset.kind];
      if (file && file.state !== "announced") {
        mark(item, file.text, { clean: "good", sealed: "good", refused: "bad" }[file.state]);
        name(item, file.name);
      }
    }
    if (told.busy && wait < 20000) watch(wait * 1.5);
  }, wait);
}

function mark(item, text, tone = "wait") {
  const place = item.querySelector("[data-state]");
  const tag = document.createElement("span");
  tag.className = `tag ${tone}`;
  tag.append(symbol({ good: "M4 12.5l5 5L20 6.5", bad: "M6 6l12 12M18 6L6 18" }[tone]), text);
  place.replaceChildren(tag);
}

function symbol(path = "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.2l3.5 2") {
  const space = "http://www.w3.org/2000/svg";
  const icon = document.createElementNS(space, "svg");
  icon.setAttribute("class", "icon");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  icon.append(line);
  return icon;
}

function name(item, text) {
  const place = item.querySelector("[data-name]");
  place.textContent = text;
  place.hidden = false;
}
