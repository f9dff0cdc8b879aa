/** Corners as text, in the spelling of the server: a corner a line, a blank line between parts, GeoJSON for holes. */

const DECIMALS = 7;
const CORNER = /^\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*$/;

/** Polygons, each a list of closed rings of [longitude, latitude], as a person would type them. */
export function asText(polygons) {
  if (polygons.some((rings) => rings.length > 1)) {
    return JSON.stringify({ type: "MultiPolygon", coordinates: polygons });
  }
  return polygons.map(([ring]) => ring.slice(0, -1).map(asLine).join("\n")).join("\n\n");
}

function asLine([longitude, latitude]) {
  return `${longitude.toFixed(DECIMALS)},${latitude.toFixed(DECIMALS)}`;
}

/** What the text draws, null where only the server can tell. */
export function asPolygons(text) {
  if (!text.trim()) return [];
  return text.trim().startsWith("{") ? ofGeometry(text) : ofLines(text);
}

function ofGeometry(text) {
  try {
    const { type, coordinates } = JSON.parse(text);
    if (type === "Polygon") return [coordinates];
    return type === "MultiPolygon" ? coordinates : null;
  } catch (error) {
    return null;
  }
}

function ofLines(text) {
  const polygons = [];
  for (const part of text.trim().split(/\n\s*\n/)) {
    const corners = part.split("\n").map((line) => CORNER.exec(line));
    if (corners.includes(null)) return null;
    const ring = corners.map((found) => [Number(found[1]), Number(found[2])]);
    if (ring.some(([x, y]) => Math.abs(x) > 180 || Math.abs(y) > 90)) return null;
    polygons.push([[...ring, ring[0]]]);
  }
  return polygons;
}
