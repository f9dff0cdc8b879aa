/** Sends the chosen files one by one, each with its own result; without this script they go in one form. */

const form = document.querySelector("form[data-uploads]");

/** A random number in hexadecimal: crypto.randomUUID is missing over plain HTTP and in old browsers. */
function newReceipt() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The line begins with the file's name, so what is said of the file need not. */
function withoutName(message, name) {
  return message.startsWith(name) ? message.slice(name.length).replace(/^[：:]\s*/, "") : message;
}

/** One chosen file; sent again as it was, it carries the same receipt, so it is added once. */
class Upload {
  constructor(file) {
    this.file = file;
    this.line = document.createElement("li");
    const name = document.createElement("bdi");
    name.textContent = file.name;
    this.result = document.createElement("span");
    this.line.append(name, " ", this.result);
    this.tell("waiting", form.dataset.waiting);
  }

  tell(state, message) {
    this.state = state;
    this.line.className = state;
    this.result.textContent = message;
  }

  /** Send the file with what the form's other inputs say. */
  async send(said) {
    if (this.file.size > Number(form.elements.file.dataset.limit)) {
      this.tell("refused", form.dataset.large);
      return;
    }
    const words = JSON.stringify(said);
    if (this.words !== words) {
      this.words = words;
      this.receipt = newReceipt();
    }
    this.tell("sending", form.dataset.sending);
    const body = new FormData();
    said.forEach(([name, value]) => body.append(name, value));
    body.append("receipt", this.receipt);
    body.append("file", this.file);
    try {
      const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      // The login page, or the refusal of a form from before another login.
      if (!(response.headers.get("Content-Type") || "").startsWith("application/json")) {
        this.tell("waiting", form.dataset.signedOut);
        return;
      }
      const answer = await response.json();
      this.tell(answer.state, withoutName(answer.message, this.file.name));
    } catch (error) {
      this.tell("waiting", form.dataset.failed);
    }
  }
}

let uploads = [];

function choose() {
  uploads = Array.from(form.elements.file.files, (file) => new Upload(file));
  const list = form.querySelector(".uploads");
  list.textContent = "";
  list.append(...uploads.map((upload) => upload.line));
  list.hidden = !uploads.length;
}

/** The tiles as the server shows them now. */
async function refresh() {
  const response = await fetch(location.href);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const [before, after] = [document, page].map((each) => each.getElementById("proofs"));
  if (before && after) before.replaceWith(after);
}

async function send() {
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  const said = Array.from(new FormData(form)).filter(([name]) => name !== "file" && name !== "receipt");
  for (const upload of uploads.filter((each) => each.state === "waiting")) {
    await upload.send(said);
  }
  if (uploads.every((upload) => upload.state !== "waiting")) form.elements.file.value = "";
  button.disabled = false;
  await refresh();
}

if (form) {
  form.elements.file.addEventListener("change", choose);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // The portal's own script would take the form for sent.
    event.stopPropagation();
    send();
  });
}
