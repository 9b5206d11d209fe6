/** What docs/kubevirt-parity.md says, held against a run of the tests. */
import type { Feature, TestName } from "./feature.ts";

/** Tests of files that ran, which a row names and which did not pass, as lines for people. */
export function unproven(
  features: readonly Feature[],
  run: { files: ReadonlySet<string>; passed: readonly TestName[] },
) {
  const passed = new Set(run.passed.map(keyOf));
  return features.flatMap(({ row, name, proof }) => {
    const tests = "tests" in proof ? proof.tests : [];
    const open = tests.filter((test) => run.files.has(test.file) && !passed.has(keyOf(test)));
    return open.map((test) => `row ${row} (${name}) needs ${test.file} > ${test.name}`);
  });
}

const keyOf = ({ file, name }: TestName): string => `${file} > ${name}`;
