/** docs/kubevirt-parity.md. */
import type { Area, Feature, Proof } from "./feature.ts";

const words: Record<Proof["kind"], string> = {
  guest: "guest-tested",
  arguments: "arguments-tested",
  refused: "refused with reason",
  missing: "missing",
};

export function describeFeatures(areas: readonly Area[]): string {
  return `${[introduction, counts(areas), ...areas.map(section)].join("\n\n")}\n`;
}

const introduction = `# Parity with KubeVirt

Made by \`npm run generate\` from the tests that show each row; \`npm test\` fails when one of them did not pass. Where a row has several parts, its note
says what is not there; which fields of the API are not honoured is in [kubevirt-fields.md](kubevirt-fields.md).

- *guest-tested*: seen in a guest on a real QEMU, by the tests named.
- *arguments-tested*: seen without a guest: by QEMU's arguments, by the API's answers, by the command line.
- *refused with reason*: whoever asks for it is told why not; nothing is ignored.
- *missing*: not there, or not shown by any test.`;

function counts(areas: readonly Area[]): string {
  const kinds = Object.keys(words) as Proof["kind"][];
  const count = (features: readonly Feature[], kind: Proof["kind"]) =>
    String(features.filter(({ proof }) => proof.kind === kind).length);
  const line = (title: string, features: readonly Feature[]) => [
    title,
    ...kinds.map((kind) => count(features, kind)),
    String(features.length),
  ];
  return table(
    ["area", ...kinds.map((kind) => words[kind]), "all"],
    [
      ...areas.map(({ title, features }) => line(title, features)),
      line(
        "**all**",
        areas.flatMap(({ features }) => features),
      ),
    ],
  );
}

function section({ title, features }: Area): string {
  const rows = features.map(({ row, name, proof, note = "" }) => [
    String(row),
    name,
    words[proof.kind],
    shownBy(proof),
    note,
  ]);
  return `## ${title}\n\n${table(["", "feature", "", "shown by", "note"], rows)}`;
}

function shownBy(proof: Proof): string {
  if (proof.kind === "missing") return "";
  if (proof.kind === "refused") return proof.fields.map((field) => `\`${field}\``).join(", ");
  const files = [...new Set(proof.tests.map(({ file }) => file))];
  return files
    .map((file) => {
      const names = proof.tests.filter((test) => test.file === file).map(({ name }) => name);
      return `${file.replace(/\.test\.ts$/, "")}: ${names.join(" / ")}`;
    })
    .join("; ");
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
