/** docs/kubevirt-parity.md, from the tests that show what it says. */
import { describeFeatures } from "../../test/features/describe-features.ts";
import { areas } from "../../test/features/features.ts";

export function generateKubevirtParity(): Map<string, string> {
  return new Map([["docs/kubevirt-parity.md", describeFeatures(areas)]]);
}
