import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { linkerFlags, packagesOf } from "./kubernetes/compile.ts";

describe("compiling Kubernetes", () => {
  it("names each package with definitions once, staged ones by their place in vendor", () => {
    const files = [
      "pkg/apis/core/v1/doc.go",
      "pkg/apis/core/v1/types.go",
      "staging/src/k8s.io/api/apps/v1/doc.go",
      "staging/src/k8s.io/code-generator/_examples/doc.go",
      "cmd/x/zz_generated.openapi.go",
    ];
    assert.deepEqual(packagesOf(files), [
      "k8s.io/kubernetes/pkg/apis/core/v1",
      "k8s.io/kubernetes/vendor/k8s.io/api/apps/v1",
    ]);
  });

  it("lets the programs say their version", () => {
    assert.match(linkerFlags(), /-X k8s\.io\/component-base\/version\.gitVersion=v1\.20\.2/);
    assert.match(linkerFlags(), /-X k8s\.io\/component-base\/version\.gitMinor=20/);
  });
});
