/** The lines of a watch: objects as they are (text shared by all watchers of a revision), Tables or metadata. */
import type { KubeObject } from "../../../api/meta.ts";
import type { Entry } from "../storage/entry.ts";
import { partialOf, tableOf } from "../table/table.ts";
import type { Call } from "./call.ts";
import { servedJson, servedObject } from "./served.ts";
import { includeObjectOf, viewOf } from "./show.ts";

export interface WatchPrinter {
  line(type: string, entry: Entry): string;
  bookmark(object: KubeObject): string;
}

export function printerOf(call: Call): WatchPrinter {
  const { view } = viewOf(call);
  if (view === "table") return tablePrinter(call);
  if (view === "metadata") return metadataPrinter(call);
  return {
    line: (type, entry) => `{"type":"${type}","object":${servedJson(call.kind, entry)}}\n`,
    bookmark: (object) => eventLine("BOOKMARK", object),
  };
}

function tablePrinter(call: Call): WatchPrinter {
  const { version } = viewOf(call);
  const includeObject = includeObjectOf(call);
  let header = true;
  const print = (type: string, object: KubeObject): string => {
    const meta = { resourceVersion: object.metadata?.resourceVersion ?? "" };
    const rows = type === "BOOKMARK" ? [{ ...object, status: {}, spec: {} } as KubeObject] : [object];
    const table = tableOf(call.kind.columns, rows, meta, { version, includeObject, header });
    header = false;
    return eventLine(type, table);
  };
  return {
    line: (type, entry) => print(type, servedObject(call.kind, entry)),
    bookmark: (object) => print("BOOKMARK", object),
  };
}

function metadataPrinter(call: Call): WatchPrinter {
  const { version } = viewOf(call);
  return {
    line: (type, entry) => eventLine(type, partialOf(entry.object, version)),
    bookmark: (object) => eventLine("BOOKMARK", partialOf(object, version)),
  };
}

function eventLine(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}
