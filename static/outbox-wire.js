/** One request for one cell, and what its answer means for the queue. */

//: Milliseconds after which an answer counts as lost; the receipt makes asking again safe.
const PATIENCE = 15000;
//: Answers that end the wait for a cell: it is saved, or its author has to decide.
const FINAL = ["saved", "conflict", "refused", "locked"];
//: The request itself is at fault, so that sending it once more would change nothing.
const HOPELESS = [400, 404, 405, 410, 413, 415, 422];

export class Wire {
  /** `csrf` is the page's token; after another sign-in the server is asked for the valid one. */
  constructor({ user, url, session, csrf }) {
    Object.assign(this, { user: String(user), url, session, csrf });
  }

  /** The final answer, or {state: "unreachable" | "signed_out" | "other_user"}: the cell goes on waiting. */
  async send(body) {
    const answer = await this.post(body);
    if (answer.state !== "forbidden") return answer;
    // A token that was changed by signing in again is refused before anything is done.
    const renewed = await this.renew();
    if (renewed.state !== "ok") return renewed;
    const second = await this.post(body);
    return second.state === "forbidden" ? { state: "unreachable" } : second;
  }

  async post(body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.csrf, "X-Portal-User": this.user };
    const response = await ask(this.url, { method: "POST", headers, body });
    return response ? meaning(response) : { state: "unreachable" };
  }

  /** {state: "ok"} when the server answers and this user is signed in; the token is then a valid one. */
  async renew() {
    const response = await ask(this.session, { headers: { Accept: "application/json" } });
    if (!response) return { state: "unreachable" };
    if (isTurnedAway(response)) return { state: "signed_out" };
    const told = await json(response);
    if (!told || !told.csrf) return { state: "unreachable" };
    if (String(told.user) !== this.user) return { state: "other_user" };
    this.csrf = told.csrf;
    return { state: "ok" };
  }
}

/** The response, or null when there was none in time. */
async function ask(url, options) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), PATIENCE);
  const how = { credentials: "same-origin", cache: "no-store", redirect: "manual", signal: control.signal };
  try {
    const response = await fetch(url, { ...how, ...options });
    // The answer is lost as well when its body does not arrive.
    return response.type === "opaqueredirect" ? response : new Response(await response.blob(), response);
  } catch (lost) {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

async function meaning(response) {
  if (isTurnedAway(response)) return { state: "signed_out" };
  const told = await json(response);
  if (told && told.code === "other_user") return { state: "other_user" };
  if (told && FINAL.includes(told.state)) return told;
  if (response.status === 403) return { state: "forbidden" };
  if (HOPELESS.includes(response.status)) return { state: "refused", code: `http_${response.status}`, message: "" };
  return { state: "unreachable", code: response.status === 500 ? "fault" : "busy" };
}

export const isFinal = (answer) => FINAL.includes(answer.state);

/** The portal leads to the sign-in page; so does a network that wants its own sign-in first. */
function isTurnedAway(response) {
  return response.type === "opaqueredirect" || response.status === 401;
}

async function json(response) {
  try {
    return await response.json();
  } catch (other) {
    return null;
  }
}
