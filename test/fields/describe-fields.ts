/** The sorted fields as a page for users: what is refused and why, and what may be written but does nothing. */
import type { KnownMetadata } from "../../api/kubevirt/known-metadata.ts";
import type { SortedField, SortedKind } from "./sort-fields.ts";

const head = `# Fields that vmpod does not honour

Made by \`npm run generate\`, which tries every field of the kinds below: it sets the field in a manifest and looks whether that is refused, or
changes what vmpod does. Fields that are not on this page do what KubeVirt says they do. None is silently ignored.

Paths are relative to \`spec\`, those of KubeVirt's configuration to \`spec.configuration\`; a VirtualMachine's template takes what a
VirtualMachineInstance takes. What is refused names the field, or what it is a part of. What an instance type or a preference says reaches
the machine, and what of that is refused is refused there, by the field's name in the machine.
`;

export function describeFields(kinds: readonly SortedKind[], metadata: readonly KnownMetadata[]): string {
  return [head, summary(kinds), ...kinds.map(section), metadataSection(metadata)].join("\n");
}

const metadataHead = `## Annotations and labels

Those by which KubeVirt's users change what it does. On a machine means: on a VirtualMachineInstance, or in the metadata of a template of one. All
others on a machine are handed on to its pod.
`;

function metadataSection(metadata: readonly KnownMetadata[]): string {
  const outcomes = { does: "does what it says", refused: "refused", inert: "inert" } as const;
  const rows = metadata.map(({ name, kind, on, outcome, reason }) => [
    code(name),
    `${kind}, ${on}`,
    outcomes[outcome],
    reason,
  ]);
  return `${metadataHead}\n${table(["name", "on", "", "what it does, or why not"], rows)}`;
}

function summary(kinds: readonly SortedKind[]): string {
  const rows = kinds.map(({ kind, fields }) => {
    const counts = (["consumed", "refused", "inert"] as const).map((verdict) =>
      String(fieldsThatAre(fields, verdict).length),
    );
    return [kind, ...counts];
  });
  return table(["kind", "fields that do something", "refused", "inert"], rows);
}

function section({ kind, fields, inert: entries }: SortedKind): string {
  const refused = distinct(
    fieldsThatAre(fields, "refused").map(({ path, refusedAt, because }) => [
      code(refusedAt ?? path),
      reasonIn(because),
    ]),
  );
  const inert = entries.map(({ path, reason }) => [code(path), reason]);
  return [
    `## ${kind}\n`,
    ...(refused.length + inert.length === 0 ? ["All of them do what they say.\n"] : []),
    ...(refused.length > 0 ? [table(["refused", "why"], refused)] : []),
    ...(inert.length > 0 ? [table(["inert, wholly or in part", "why"], inert)] : []),
  ].join("\n");
}

function fieldsThatAre(fields: readonly SortedField[], verdict: SortedField["verdict"]): SortedField[] {
  return fields.filter((field) => field.verdict === verdict);
}

function distinct(rows: string[][]): string[][] {
  return [...new Map(rows.map((row) => [row[0] ?? "", row])).values()];
}

/** Without the value that was tried. */
function reasonIn(message: string): string {
  return message
    .replace(/^Forbidden: /, "")
    .replace(/^(Invalid|Unsupported) value: "?[^"]*"?: /, "")
    .replace(/^spec\.\S+ .* is not honoured: /, "");
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return `${[line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}
