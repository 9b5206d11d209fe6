/** Draws the rooms and their real imports as a Mermaid flowchart for docs/architecture.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { layers, root, roomGraph } from "./imports.ts";

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

/** Puts the current picture into the document. @returns whether the document changed */
export function writePicture(): boolean {
  const path = join(root, "docs/architecture.md");
  const before = readFileSync(path, "utf8");
  const after =
    before.slice(0, before.indexOf(start)) + architecturePicture() + before.slice(before.indexOf(end) + end.length);
  if (after !== before) writeFileSync(path, after);
  return after !== before;
}

function idOf(room: string): string {
  return room.replaceAll(/[^a-z]/g, "_");
}

if (import.meta.main) writePicture();
