/** Draws the rooms and their real imports as a Mermaid flowchart for docs/architecture.md. */
import { layers, roomGraph } from "./imports.ts";

const start = "<!-- picture: generated from the imports by `npm run generate` -->";
const end = "<!-- end of picture -->";

export function architecturePicture(): string {
  const graph = roomGraph();
  const groups = layers.map((rooms, level) =>
    [`  subgraph L${level}`, ...rooms.map((room) => `    ${idOf(room)}["${room}"]`), "  end"].join("\n"),
  );
  const arrows = [...graph]
    .filter(([, targets]) => targets.length > 0)
    .map(([room, targets]) => `  ${idOf(room)} --> ${targets.map(idOf).join(" & ")}`);
  return [start, "```mermaid", "flowchart BT", ...groups, ...arrows, "```", end].join("\n");
}

/** The document with the current picture in the place of the old one. */
export function documentWithPicture(document: string): string {
  const [before = "", rest = ""] = document.split(start);
  return before + architecturePicture() + rest.slice(rest.indexOf(end) + end.length);
}

function idOf(room: string): string {
  return room.replaceAll(/[^a-z]/g, "_");
}
