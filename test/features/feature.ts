/**
 * What a user of KubeVirt, CDI and virtctl knows, row by row, and which test shows that vmpod has it. A row is no claim of its own:
 *
 *   rows/*.ts ──▶ features.test.ts      every named test exists, every refused field is refused (npm run check)
 *      │    └───▶ unproven.ts           every named test has passed in this run              (npm test)
 *      └────────▶ describe-features.ts  docs/kubevirt-parity.md                             (npm run generate)
 */

/** A test by the file that has it and its own name, without those of suites around it. */
export interface TestName {
  file: string;
  name: string;
}

export type Proof =
  /** Seen in a guest on a real QEMU. */
  | { kind: "guest"; tests: readonly TestName[] }
  /** Seen without a guest: by QEMU's arguments, by the API, by the command line. */
  | { kind: "arguments"; tests: readonly TestName[] }
  /** Whoever asks for it is told why not. `fields` are those of a VirtualMachineInstance's spec or metadata, or of a KubeVirt's, as docs/kubevirt-fields.md has them. */
  | { kind: "refused"; fields: readonly string[] }
  | { kind: "missing" };

export interface Feature {
  row: number;
  name: string;
  proof: Proof;
  /** What of it there is not, or how it is different. */
  note?: string;
}

export interface Area {
  title: string;
  features: readonly Feature[];
}

const among = (file: string, names: readonly string[]): TestName[] => names.map((name) => ({ file, name }));

export const guest = (file: string, ...names: string[]): Proof => ({ kind: "guest", tests: among(file, names) });
export const args = (file: string, ...names: string[]): Proof => ({ kind: "arguments", tests: among(file, names) });
export const refused = (...fields: string[]): Proof => ({ kind: "refused", fields });
export const missing: Proof = { kind: "missing" };
