/** docs/kubevirt-fields.md: found by trying each field, not written. */
import { knownMetadata } from "../../api/kubevirt/known-metadata.ts";
import { describeFields } from "../../test/fields/describe-fields.ts";
import { type SortedKind, sortFields } from "../../test/fields/sort-fields.ts";
import { subjects } from "../../test/fields/subjects.ts";

export async function generateKubevirtFields(): Promise<Map<string, string>> {
  const sorted: SortedKind[] = [];
  for (const subject of await subjects()) sorted.push(await sortFields(subject));
  return new Map([["docs/kubevirt-fields.md", describeFields(sorted, knownMetadata)]]);
}
