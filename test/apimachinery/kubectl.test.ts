/**
 * Stock kubectl against a real API server: what depends on schemas, OpenAPI documents, patches and field
 * managers. Needs no root. Driven by a current kubectl and by Debian's 1.20.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { customResourceDefinitions } from "../../api/apiextensions.ts";
import { customResourceDefinitions as kubevirtDefinitions } from "../../api/kubevirt/crds.ts";
import type { ManagedFieldsEntry } from "../../api/meta.ts";
import { CommandError } from "../../src/base/errors.ts";
import { exec } from "../../src/base/exec.ts";
import { type ApiserverProcess, startApiserverProcess } from "../client/apiserver-process.ts";
import { currentKubectl, debianKubectl } from "../fixtures/kubectl.ts";

const kubectls = [currentKubectl(), debianKubectl()];

interface Web {
  metadata: { managedFields?: ManagedFieldsEntry[]; labels?: Record<string, string> };
  spec: {
    replicas: number;
    template: { spec: { containers: { name: string; image: string; resources: { requests?: object } }[] } };
  };
}

const deployment = (replicas: number, image = "x") => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" }, creationTimestamp: null },
      spec: { containers: [{ name: "a", image, resources: { requests: { cpu: 0.5, memory: "1024Mi" } } }] },
    },
  },
});

for (const program of kubectls.filter((path) => path !== undefined)) {
  describe(`with ${program}`, () => {
    let apiserver: ApiserverProcess;
    const home = mkdtempSync(join(tmpdir(), "vmpod-apimachinery-"));

    before(async () => {
      apiserver = await startApiserverProcess();
      const client = await apiserver.connect();
      for (const definition of kubevirtDefinitions()) await client.create(customResourceDefinitions, definition);
      client.close();
    });
    after(async () => {
      await apiserver.remove();
      rmSync(home, { recursive: true });
    });

    function kubectl(args: string[], input?: unknown): Promise<string> {
      const argv = [program, "--kubeconfig", apiserver.kubeconfig, "--cache-dir", join(home, "cache"), ...args];
      const options = { env: { HOME: home, PATH: process.env["PATH"] } };
      return exec(argv, { ...options, ...(input !== undefined && { input: JSON.stringify(input) }) });
    }

    async function refusal(args: string[], input?: unknown): Promise<string> {
      const error: unknown = await kubectl(args, input).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof CommandError, `kubectl ${args.join(" ")} was not refused`);
      return error.stderrTail;
    }

    const getWeb = async () =>
      JSON.parse(await kubectl(["get", "--raw", "/apis/apps/v1/namespaces/default/deployments/web"])) as Web;

    describe("explain", () => {
      const cases: [field: string, expected: RegExp][] = [
        ["pod.spec.containers.ports", /containerPort\s+<integer>/],
        ["deployment.spec.strategy", /rollingUpdate/],
        ["vm.spec.runStrategy", /Running state indicates/],
        ["vmi.spec.domain.devices.disks", /bootOrder\s+<integer>/],
        ["datavolume.spec.source.http", /certConfigMap\s+<string>/],
      ];
      for (const [field, expected] of cases) {
        test(field, async () => assert.match(await kubectl(["explain", field]), expected));
      }
    });

    describe("server-side apply", () => {
      const apply = (manager: string, ...flags: string[]) => [
        "apply",
        "--server-side",
        "--field-manager",
        manager,
        ...flags,
        "-f",
        "-",
      ];

      test("shares fields of equal value, whatever the form of a quantity", async () => {
        await kubectl(apply("alice"), deployment(1));
        await kubectl(apply("bob"), deployment(1));
        const { metadata, spec } = await getWeb();
        assert.deepEqual(
          metadata.managedFields?.map(({ manager, operation }) => [manager, operation]),
          [
            ["alice", "Apply"],
            ["bob", "Apply"],
          ],
        );
        assert.deepEqual(spec.template.spec.containers[0]?.resources.requests, { cpu: "500m", memory: "1Gi" });
      });

      test("refuses to change what another manager owns, unless forced", async () => {
        assert.match(await refusal(apply("bob"), deployment(2)), /conflict with "alice": \.spec\.replicas/);
        await kubectl(apply("bob", "--force-conflicts"), deployment(2));
        assert.equal((await getWeb()).spec.replicas, 2);
      });

      test("owns no status that a manifest happens to hold", async () => {
        await kubectl(apply("bob"), { ...deployment(2), status: { replicas: 9 } });
        const text = JSON.stringify((await getWeb()).metadata.managedFields);
        assert.ok(!text.includes("f:status"), text);
      });

      test("applying the same again changes nothing", async () => {
        const first = await getWeb();
        await kubectl(apply("bob"), deployment(2));
        assert.deepEqual(await getWeb(), first);
        await kubectl(["delete", "deployment", "web"]);
      });
    });

    test("kubectl's own apply, scale, set image and patch work on one object", async () => {
      await kubectl(["apply", "-f", "-"], deployment(1));
      await kubectl(["apply", "-f", "-"], deployment(2));
      await kubectl(["scale", "deployment", "web", "--replicas=3"]);
      await kubectl(["set", "image", "deployment/web", "a=y"]);
      const sidecar = { spec: { template: { spec: { containers: [{ name: "b", image: "z" }] } } } };
      await kubectl(["patch", "deployment", "web", "-p", JSON.stringify(sidecar)]);
      await kubectl([
        "patch",
        "deployment",
        "web",
        "--type=json",
        "-p",
        '[{"op":"add","path":"/metadata/labels","value":{"l":"1"}}]',
      ]);
      await kubectl(["patch", "deployment", "web", "--type=merge", "-p", '{"metadata":{"labels":{"m":"2"}}}']);
      const { metadata, spec } = await getWeb();
      assert.equal(spec.replicas, 3);
      const images = spec.template.spec.containers.map(({ name, image }) => [name, image]);
      assert.deepEqual(Object.fromEntries(images), { a: "y", b: "z" });
      assert.deepEqual(metadata.labels, { l: "1", m: "2" });
      await kubectl(["delete", "deployment", "web"]);
    });

    test("a server-side dry run shows the result and changes nothing", async () => {
      await kubectl(["create", "-f", "-"], deployment(1));
      const shown = await kubectl(
        ["apply", "--dry-run=server", "-f", "-", "-o", "jsonpath={.spec.replicas}"],
        deployment(7),
      );
      assert.equal(shown, "7");
      assert.equal((await getWeb()).spec.replicas, 1);
      await kubectl(["delete", "deployment", "web"]);
    });

    describe("a manifest is refused", () => {
      const machine = (spec: object) => ({
        apiVersion: "kubevirt.io/v1",
        kind: "VirtualMachineInstance",
        metadata: { name: "m" },
        spec,
      });
      const cases: [name: string, manifest: unknown, expected: RegExp][] = [
        ["with an unknown field", machine({ domain: { devices: {} }, foo: 1 }), /foo/],
        ["without a required field", machine({ domain: {} }), /spec\.domain.*devices/s],
        [
          "with a value of the wrong type",
          machine({ domain: { devices: {}, cpu: { cores: "two" } } }),
          /spec\.domain\.cpu\.cores/,
        ],
        [
          "with a quantity that is none",
          machine({ domain: { devices: {}, memory: { guest: "a lot" } } }),
          /spec\.domain\.memory\.guest/,
        ],
      ];
      for (const [name, manifest, expected] of cases) {
        test(name, async () => assert.match(await refusal(["create", "-f", "-"], manifest), expected));
      }

      test("when it gives a field twice and strict validation is asked for", async () => {
        const path = "/api/v1/namespaces/default/configmaps?fieldValidation=Strict";
        const text = '{"metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}';
        const file = join(home, "twice.json");
        writeFileSync(file, text);
        assert.match(await refusal(["create", "--raw", path, "-f", file]), /duplicate field "data\.a"/);
      });
    });
  });
}
