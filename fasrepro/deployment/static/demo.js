// The demo page. Every text from outside is set as textContent, never as HTML. Addresses are relative: they begin with the token.
"use strict";

const LARGEST_SIDE = 800; // pixels of the picture that is shown
const VERDICTS = { attack: "Attack", bona_fide: "Bona fide" };

const by = (id) => document.getElementById(id);
let camera = null; // the stream, while it runs

function element(name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function say(text) {
  by("message").textContent = text;
  by("message").hidden = !text;
}

async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body };
  const response = await fetch(`api/${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.reason);
  return answer;
}

// Boxes are in pixels of the upright picture: as its EXIF data say, and then turned counter-clockwise by quarters.
async function draw(blob, results) {
  const canvas = by("picture"), context = canvas.getContext("2d");
  let bitmap;
  try { bitmap = await createImageBitmap(blob); } catch { canvas.hidden = true; return false; }
  canvas.hidden = false;
  const turns = results[0].turns, sideways = turns % 2 === 1;
  const width = sideways ? bitmap.height : bitmap.width, height = sideways ? bitmap.width : bitmap.height;
  const scale = Math.min(1, LARGEST_SIDE / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  context.save();
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate(-turns * Math.PI / 2);
  context.scale(scale, scale);
  context.drawImage(bitmap, -bitmap.width / 2, -bitmap.height / 2);
  context.restore();
  context.lineWidth = 3;
  context.font = "bold 16px system-ui, sans-serif";
  results.forEach((result, number) => {
    if (!result.box) return;
    const [x, y, w, h] = result.box.map((value) => value * scale);
    context.strokeStyle = context.fillStyle = result.verdict === "attack" ? "#e6194b" : "#42d4f4";
    context.strokeRect(x, y, w, h);
    context.fillText(String(number + 1), x + 4, y + 18);
  });
  return true;
}

function shown(result, number) {
  const article = element("article");
  if (result.p_attack === null) {
    article.append(element("h2", `No score: ${result.state.replaceAll("_", " ")}`), element("p", result.remarks.join("; ")));
    return article;
  }
  const meter = element("meter");
  meter.value = result.p_attack;
  meter.setAttribute("aria-label", "score");
  const rows = element("dl");
  const add = (name, text) => rows.append(element("dt", name), element("dd", text));
  add("Score", `p_attack ${result.p_attack.toFixed(4)}`);
  add("Threshold", `${result.threshold.toFixed(4)} (${result.threshold_from})`);
  add("Face", `${result.box.join(" ")} (${result.box_source})`);
  if (result.remarks.length) add("Picture", result.remarks.join("; "));
  if (result.explanation !== null) {
    add("It writes", result.explanation + (result.finished ? "" : " [cut at the limit of tokens]"));
    add("Cues it names", result.cues.length ? result.cues.map((cue) => cue.replaceAll("_", " ")).join(", ") : "none");
  }
  article.append(element("h2", `Face ${number + 1}: ${VERDICTS[result.verdict]}`), meter, rows);
  return article;
}

async function judge(blob) {
  document.body.classList.add("busy");
  say("The model looks at the picture.");
  try {
    const { results } = await ask("picture", blob);
    by("faces").replaceChildren(...results.map(shown));
    document.querySelector("main").hidden = false;
    say(await draw(blob, results) ? "" : "This browser cannot show pictures of this kind; the model can read it.");
  } catch (error) {
    document.querySelector("main").hidden = true;
    say(error instanceof TypeError ? "The server does not answer: start `fasrepro demo` again, and open its address." : error.message);
  } finally {
    document.body.classList.remove("busy");
  }
}

function stopCamera() {
  camera?.getTracks().forEach((track) => track.stop());
  camera = null;
  by("preview").srcObject = null;
  by("preview").hidden = by("shoot").hidden = true;
  by("camera").textContent = "Start camera";
}

async function toggleCamera() {
  if (camera) return stopCamera();
  try {
    camera = await navigator.mediaDevices.getUserMedia({ video: true, audio: false });
  } catch (error) {
    return say(`No camera: ${error.message}`);
  }
  by("preview").srcObject = camera;
  await by("preview").play();
  by("preview").hidden = by("shoot").hidden = false;
  by("camera").textContent = "Stop camera";
}

// As PNG: the traces of a JPEG file would be another camera's.
function shoot() {
  const video = by("preview"), canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toBlob((blob) => judge(blob), "image/png");
}

by("file").addEventListener("change", () => { if (by("file").files.length) judge(by("file").files[0]); });
by("camera").addEventListener("click", toggleCamera);
by("shoot").addEventListener("click", shoot);
ask("model").then((model) => {
  by("job").textContent = model.job;
  by("warning").textContent = model.warning + (model.explains ? "" : " This model writes no explanations.");
}).catch((error) => say(error.message));
