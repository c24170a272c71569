// The review page. Every text from outside is set as textContent, never as HTML. Addresses are relative: they begin with the token.
"use strict";

const DRAFT_AFTER = 250; // milliseconds without a key, after which the text is checked and kept by the server
const RETRY_AFTER = 2000; // milliseconds until a server that does not answer is asked again
const KINDS = {
  all: "all faces", open: "not decided", own: "not decided by me", conflict: "editors differ", rejected: "no accepted reply",
};
const DONE = { accept: "accepted", edit: "edited", drop: "dropped" };

const by = (id) => document.getElementById(id);
let about = null; // the set
let face = null; // the face that is shown
let dirty = false; // whether the fields hold what the server does not know yet
let timer = 0;
let busy = false;

class Refused extends Error {}

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const response = await fetch(`api/${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.reason);
  return answer;
}

function say(text, kind = "") {
  by("message").textContent = text;
  by("message").className = kind;
  by("message").hidden = !text;
}

function complain(error) {
  if (error instanceof Refused) return say(error.message, "bad");
  say("The server does not answer. Your text is kept in this browser; start `fasrepro review` again, and open its address.", "bad");
}

// A copy in the browser, for the time until the server has confirmed the draft.
const localKey = () => `fasrepro:${about.name}:${about.editor}:${face.face_id}`;
function keepHere(fields) {
  try { localStorage.setItem(localKey(), JSON.stringify(fields)); } catch { /* no storage: the server's copy has to do */ }
}
function keptHere() {
  try { return JSON.parse(localStorage.getItem(localKey())); } catch { return null; }
}
function forgetHere() {
  try { localStorage.removeItem(localKey()); } catch { /* nothing was kept */ }
}

function fields() {
  const texts = [...document.querySelectorAll("#fields textarea")].map((area) => area.value);
  return by("fields").dataset.form === "text" ? { text: texts[0] } : { parts: texts };
}

function fit(area) {
  area.rows = 2;
  while (area.scrollHeight > area.clientHeight + 2 && area.rows < 30) area.rows += 1;
}

function fill(content) {
  const whole = content.text !== undefined;
  const titles = whole ? ["Whole caption"] : about.titles;
  by("fields").dataset.form = whole ? "text" : "parts";
  by("fields").replaceChildren(...titles.map((title, number) => {
    const label = element("label", title);
    const area = element("textarea");
    area.spellcheck = true;
    area.value = whole ? content.text : content.parts[number];
    area.addEventListener("input", () => { fit(area); changed(); });
    label.append(area);
    return label;
  }));
  document.querySelectorAll("#fields textarea").forEach(fit);
  by("whole").textContent = whole ? "In parts" : "Whole text";
  by("whole").hidden = about.titles.length < 2;
}

function changed() {
  dirty = true;
  keepHere(fields());
  clearTimeout(timer);
  timer = setTimeout(send, DRAFT_AFTER);
}

let sending = Promise.resolve(); // the last draft on its way: a decision waits for it, or the draft would come back after it
const send = () => (sending = sending.then(sendDraft));

async function sendDraft() {
  const [sent, of] = [fields(), face];
  try {
    const { check } = await ask("draft", { at: of.at, face_id: of.face_id, fields: sent });
    if (of !== face || JSON.stringify(sent) !== JSON.stringify(fields())) return;
    dirty = false;
    forgetHere();
    showCheck(check);
    if (by("message").className === "bad") say("");
  } catch (error) {
    complain(error);
    clearTimeout(timer);
    if (!(error instanceof Refused)) timer = setTimeout(() => of === face && send(), RETRY_AFTER);
  }
}

function showCheck(check) {
  const [least, most] = about.words;
  by("check").textContent = `${check.reason ? `Not a caption yet: ${check.reason}` : "A caption"} · ${check.words} words (${least} to ${most})`;
  by("check").className = check.reason ? "bad" : "good";
  by("save").disabled = Boolean(check.reason);
}

function showProgress(progress) {
  by("bar").max = progress.faces;
  by("bar").value = progress.decided;
  const actions = Object.entries(progress.actions).map(([action, count]) => `${count} ${DONE[action]}`).join(", ");
  const conflicts = progress.conflicts ? ` · ${progress.conflicts} where editors differ` : "";
  by("counts").textContent = `${progress.decided} of ${progress.faces} decided (${actions}) · ${progress.own} by you${conflicts}`;
  by("agreement").textContent = progress.agreement
    .map(({ editors, both, same }) => `${editors.join(" and ")}: the same outcome on ${same} of ${both} faces`).join(" · ");
}

function showReplies(replies) {
  by("replies").replaceChildren(...replies.map((reply) => {
    const item = element("li");
    const verdict = reply.reason ? `rejected: ${reply.reason}` : "accepted";
    item.append(element("p", `Attempt ${reply.number}, ${verdict}`, reply.reason ? "bad" : "good"));
    if (reply.text) item.append(element("pre", reply.text));
    return item;
  }));
  if (!replies.length) by("replies").append(element("li", "The model has not been asked about this face."));
}

function showConflict(versions) {
  by("conflict").hidden = !versions.length;
  by("versions").replaceChildren(...versions.map((version) => {
    const item = element("li");
    const take = element("button", version.action === "drop" ? "Drop, as here" : "Take over");
    take.addEventListener("click", () => {
      if (version.action === "drop") return void decide("drop");
      fill(version.fields);
      changed();
      say("Taken over: save it to settle the conflict.");
    });
    item.append(element("b", `${version.editor}: ${DONE[version.action]} `), take);
    if (version.action !== "drop") item.append(element("pre", version.text));
    return item;
  }));
}

function unmark() {
  by("marks").replaceChildren();
  by("legend").replaceChildren();
  by("cues").setAttribute("aria-pressed", "false");
}

async function mark() {
  if (by("cues").getAttribute("aria-pressed") === "true") return unmark();
  const { cues } = await ask(`cues?at=${face.at}`);
  unmark();
  by("cues").setAttribute("aria-pressed", "true");
  cues.forEach((cue, number) => {
    const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
    group.setAttribute("class", `cue-${number % 6}`);
    for (const [x, y, width, height] of cue.rectangles) {
      const rectangle = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      Object.entries({ x, y, width, height }).forEach(([name, value]) => rectangle.setAttribute(name, value));
      group.append(rectangle);
    }
    by("marks").append(group);
    const item = element("li", cue.name, `cue-${number % 6}`);
    item.tabIndex = 0;
    const only = (on) => by("marks").childNodes.forEach((other) => other.classList.toggle("hidden", on && other !== group));
    ["mouseenter", "focus"].forEach((name) => item.addEventListener(name, () => only(true)));
    ["mouseleave", "blur"].forEach((name) => item.addEventListener(name, () => only(false)));
    by("legend").append(item);
  });
  if (!cues.length) by("legend").append(element("li", "No cue is visible in this image."));
}

function show(answer) {
  clearTimeout(timer);
  dirty = false;
  face = answer.face;
  history.replaceState(null, "", `#${face.at}`);
  unmark();
  by("picture").src = `api/image?at=${face.at}`;
  by("picture").alt = `face of kind: ${face.species}`;
  by("cues").hidden = !face.has_truth;
  for (const name of ["label", "species", "archive", "face_id", "prompt"]) by(name).textContent = face[name];
  by("place").textContent = `${face.at + 1} / ${answer.progress.faces}`;
  showProgress(answer.progress);
  showReplies(face.replies);
  showConflict(face.conflict);
  by("decided").textContent = face.own.map((own) => `You have ${DONE[own.action]} this.`).join(" ");
  by("accept").disabled = !face.replies.some((reply) => !reply.reason);
  const local = keptHere();
  fill(local ?? face.draft ?? face.initial);
  showCheck(face.check);
  say(answer.notice || (local || face.draft ? "Your unsaved text is back." : ""));
  if (local) changed();
}

async function go(at) {
  if (dirty) await send();
  show(await ask(`face?at=${at}`));
  window.scrollTo(0, 0);
}

async function move(step, done = "") {
  const { at } = await ask(`next?at=${face.at}&which=${by("which").value}&step=${step}`);
  if (at === null) return say(`${done}${done && " "}No other face to show: ${KINDS[by("which").value]}.`, done && "good");
  await go(at);
  if (done && by("message").hidden) say(done, "good");
}

async function decide(action) {
  if (action === "edit" && by("save").disabled && !dirty) return say("Not saved: the text is not a caption yet.", "bad");
  clearTimeout(timer);
  await sending;
  const settles = face.conflict.map((version) => version.id);
  const answer = await ask("decide", { at: face.at, face_id: face.face_id, action, fields: fields(), settles });
  forgetHere();
  show(answer);
  const recorded = answer.face.own[0]?.action ?? action;
  document.activeElement?.blur();
  await move(1, `Face ${face.at + 1} ${DONE[recorded]}.`);
}

async function undo() {
  if (dirty) await send();
  show(await ask("undo", {}));
  say(`Face ${face.at + 1}: your decision is taken back.`);
}

async function revert() {
  clearTimeout(timer);
  await sending;
  forgetHere();
  show(await ask("revert", { at: face.at, face_id: face.face_id }));
}

async function whole() {
  const { text, parts } = await ask("split", { at: face.at, face_id: face.face_id, fields: fields() });
  if (by("fields").dataset.form === "parts") fill({ text });
  else if (parts) fill({ parts });
  else return say("This text does not split into its parts: see the reason below it.", "bad");
  changed();
}

// One at a time: a second key in the same moment does nothing.
function run(task) {
  return async () => {
    if (busy) return;
    busy = true;
    document.body.classList.add("busy");
    try { await task(); } catch (error) { complain(error); }
    document.body.classList.remove("busy");
    busy = false;
  };
}

const COMMANDS = {
  accept: run(() => decide("accept")), save: run(() => decide("edit")), drop: run(() => decide("drop")), undo: run(undo),
  revert: run(revert), whole: run(whole), next: run(() => move(1)), previous: run(() => move(-1)), cues: run(mark),
};
const KEYS = {
  a: "accept", s: "save", d: "drop", u: "undo", r: "revert", n: "next", p: "previous", c: "cues",
  ArrowRight: "next", ArrowLeft: "previous",
};

function key(event) {
  if (event.isComposing) return;
  const typing = event.target.matches("textarea, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    COMMANDS.save();
  } else if (event.key === "Escape" && typing) {
    event.target.blur();
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (event.key === "e") {
      event.preventDefault();
      document.querySelector("#fields textarea").focus();
    } else if (Object.hasOwn(KEYS, event.key) && !by(KEYS[event.key]).disabled && !by(KEYS[event.key]).hidden) {
      event.preventDefault();
      COMMANDS[KEYS[event.key]]();
    }
  }
}

async function start() {
  about = await ask("set");
  by("set").textContent = `${about.name} (style ${about.style})`;
  by("editor").textContent = `Editor: ${about.editor}`;
  by("file").textContent = about.file;
  document.title = `Captions of ${about.name}`;
  by("which").replaceChildren(...about.kinds.map((kind) => {
    const option = element("option", KINDS[kind] ?? kind);
    option.value = kind;
    return option;
  }));
  by("which").value = "open";
  if (about.verdicts.length) {
    by("verdicts").append("It ends with ");
    about.verdicts.forEach((verdict, number) => {
      const button = element("button", verdict);
      button.title = "put this at the end";
      button.addEventListener("click", () => {
        const area = [...document.querySelectorAll("#fields textarea")].at(-1);
        area.value = `${area.value.trimEnd()} ${verdict}`.trimStart();
        fit(area);
        changed();
      });
      by("verdicts").append(...(number ? [" or "] : []), button);
    });
  }
  for (const [id, command] of Object.entries(COMMANDS)) by(id).addEventListener("click", command);
  document.addEventListener("keydown", key);
  window.addEventListener("beforeunload", () => dirty && send());
  const named = Number.parseInt(location.hash.slice(1), 10);
  if (named >= 0 && named < about.progress.faces) return go(named);
  const first = await ask(`next?at=${about.progress.faces - 1}&which=open&step=1`);
  return go(first.at ?? 0);
}

start().catch(complain);
