/** The map on which a parcel's boundary is drawn. The server reads, judges and measures; the map only shows and draws. */

import { asText, asPolygons } from "./parcel-map-text.js";

const L = window.L;
const box = document.getElementById("parcel-map");
const form = document.getElementById("boundary-form");
const text = form && form.elements.coordinates;
const MILLISECONDS_OF_REST = 600;
/** Beyond it a form is refused whole; a file may be larger. */
const MOST_TYPED = 2000000;

const COUNTY = { color: "#8796a5", weight: 1, fill: false, interactive: false, pmIgnore: true };
const NEIGHBOUR = { color: "#697786", weight: 1, fillColor: "#d5dce4", fillOpacity: 0.6, pmIgnore: true, snapIgnore: false };
const STANDING = { color: "#6b4700", weight: 2, dashArray: "6 4", fill: false, interactive: false, pmIgnore: true };
const OWN = { color: "#0b4f9c", weight: 2.5, fillColor: "#6fa3d8", fillOpacity: 0.35 };
const FAULT = { radius: 9, color: "#c1121f", weight: 3, fillColor: "#fff", fillOpacity: 0.7, pmIgnore: true };

const map = L.map(box, { zoomSnap: 0.5, maxZoom: 20, zoomControl: false });
L.control.zoom({ zoomInTitle: box.dataset.sayNearer, zoomOutTitle: box.dataset.sayFarther }).addTo(map);
map.attributionControl.setPrefix(false);
L.control.scale({ imperial: false }).addTo(map);
const own = L.featureGroup().addTo(map);
let waiting = 0;
/** Whether the map shows what the text says; some spellings only the server can read. */
let isShown = true;
const faults = L.layerGroup().addTo(map);

async function load(url) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

/** Show polygons as the parcel's own, in place of what is there. */
function showOwn(polygons) {
  own.clearLayers();
  for (const rings of polygons) {
    const corners = rings.map((ring) => ring.map(([x, y]) => [y, x]));
    listen(L.polygon(corners, OWN).addTo(own));
  }
}

function fit() {
  const bounds = own.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [40, 40], maxZoom: 17 });
}

/** Every polygon of the parcel, its rings closed, longitude first. */
function drawn() {
  return own.getLayers().map((layer) => layer.toGeoJSON(7).geometry.coordinates);
}

function verdict() {
  return document.getElementById("verdict");
}

/** Mark the places that the verdict speaks of, and go to the first. */
function showFaults() {
  faults.clearLayers();
  const said = Array.from(verdict().querySelectorAll("[data-fault]"), (each) => each.textContent).join(" ");
  for (const each of verdict().querySelectorAll("[data-place]")) {
    const [longitude, latitude] = each.dataset.place.split(",").map(Number);
    const mark = L.circleMarker([latitude, longitude], FAULT).addTo(faults);
    const word = document.createElement("span");
    word.textContent = said;
    mark.bindTooltip(word);
    if (!map.getBounds().contains(mark.getLatLng())) map.panTo(mark.getLatLng());
  }
}

/** Ask the server what it would say; `withFile` sends the chosen file along, whose corners come back as text. */
async function check(withFile) {
  if (text.value.length > MOST_TYPED) {
    verdict().textContent = box.dataset.sayLarge;
    return;
  }
  const data = new FormData(form);
  data.set("do", "check");
  if (!withFile) data.delete("file");
  verdict().setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("verdict");
    if (!found) throw new Error(String(answer.status));
    verdict().replaceWith(document.importNode(found, true));
    if (withFile) takeFile(page);
    const land = verdict().querySelector("[data-geometry]");
    if (land && (withFile || !isShown)) showLand(land);
  } catch (error) {
    verdict().removeAttribute("aria-busy");
    verdict().textContent = box.dataset.sayFailed;
  }
  showFaults();
}

function showLand(land) {
  const geometry = JSON.parse(land.dataset.geometry);
  showOwn(geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates);
  fit();
}

/** A file that was read becomes text, so that it can be mended on the map; one that was not stays chosen. */
function takeFile(page) {
  const read = page.querySelector("[name=coordinates]");
  if (!page.querySelector("#verdict [data-geometry]")) return;
  text.value = read.value;
  form.elements.file.value = "";
}

function checkSoon(withFile) {
  clearTimeout(waiting);
  waiting = setTimeout(() => check(withFile), MILLISECONDS_OF_REST);
}

/** What was drawn becomes what the form sends. */
function write() {
  text.value = asText(drawn());
  isShown = true;
  text.dispatchEvent(new Event("input", { bubbles: true }));
  checkSoon(false);
}

function listen(layer) {
  if (form) layer.on("pm:edit pm:dragend", write);
}

function read() {
  const polygons = asPolygons(text.value);
  isShown = polygons !== null;
  if (isShown) {
    showOwn(polygons);
    fit();
  }
  checkSoon(false);
}

/** The buttons say what they do to whoever cannot see them. */
function nameButtons() {
  for (const holder of box.querySelectorAll(".button-container[title]")) {
    holder.querySelector(".leaflet-buttons-control-button").setAttribute("aria-label", holder.title);
  }
}

function startDrawing() {
  map.pm.setLang(document.documentElement.lang.startsWith("zh") ? "zh" : "en");
  map.pm.setGlobalOptions({ pathOptions: OWN, layerGroup: own, snapDistance: 12, allowSelfIntersection: true });
  map.pm.addControls({
    position: "topleft",
    drawMarker: false,
    drawCircleMarker: false,
    drawPolyline: false,
    drawRectangle: false,
    drawCircle: false,
    drawText: false,
    cutPolygon: false,
    rotateMode: false,
  });
  nameButtons();
  map.on("pm:create", ({ layer }) => {
    listen(layer);
    write();
  });
  map.on("pm:remove", write);
  text.addEventListener("change", read);
  form.elements.file.addEventListener("change", () => {
    if (form.elements.file.value) checkSoon(true);
  });
}

function showNeighbours(found) {
  L.geoJSON(found, {
    style: () => NEIGHBOUR,
    onEachFeature(feature, layer) {
      const word = document.createElement("span");
      word.textContent = `${box.dataset.sayNeighbour} ${feature.properties.code}`;
      layer.bindTooltip(word, { sticky: true });
    },
  })
    .addTo(map)
    .bringToBack();
}

function showCounties(found) {
  const layer = L.geoJSON(found, {
    style: () => COUNTY,
    onEachFeature(feature, each) {
      const options = { permanent: true, direction: "center", className: "county-name", interactive: false };
      each.bindTooltip(feature.properties.name, options);
    },
  }).addTo(map);
  layer.bringToBack();
  const home = layer.getLayers().filter((each) => String(each.feature.id) === box.dataset.county);
  return (home.length ? L.featureGroup(home) : layer).getBounds();
}

async function start() {
  const land = verdict().querySelector("[data-geometry]");
  const typed = text && asPolygons(text.value);
  const counties = await load(box.dataset.counties);
  map.fitBounds(showCounties(counties));
  if (box.dataset.standing) L.geoJSON(JSON.parse(box.dataset.standing), { style: () => STANDING }).addTo(map);
  if (typed) showOwn(typed);
  else if (land) showLand(land);
  fit();
  if (form) startDrawing();
  showFaults();
  box.dataset.ready = "yes";
  showNeighbours(await load(box.dataset.neighbours));
}

start();
