import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pod } from "../../../api/core.ts";
import { TerminalError } from "../../base/errors.ts";
import { SecurityProfile_ProfileType as ProfileType } from "../../cri/gen/runtime/v1/api.gen.ts";
import { aPod, mainContainer } from "../pods/fixture.ts";
import { containerConfig } from "./container.ts";
import { parseResolver, podResolver } from "./dns.ts";
import { expand } from "./expand.ts";
import { renderHosts } from "./hosts.ts";
import { linuxResources, oomScoreAdj } from "./resources.ts";
import { sandboxConfig } from "./sandbox.ts";
import { containerSecurity } from "./security.ts";
import { serviceEnv } from "./service-env.ts";

test("$(NAME) is expanded as Kubernetes does", () => {
  const lookup = (name: string): string | undefined => ({ A: "1", B: "$(A)" })[name];
  for (const [text, expected] of [
    ["plain", "plain"],
    ["$(A)", "1"],
    ["x$(A)y$(A)", "x1y1"],
    ["$(NONE)", "$(NONE)"],
    ["$$(A)", "$(A)"],
    ["$$$(A)", "$1"],
    ["$(B)", "$(A)"],
    ["$A ${A} $", "$A ${A} $"],
    ["$(A", "$(A"],
  ] as const) {
    assert.equal(expand(text, lookup), expected, text);
  }
});

describe("resources", () => {
  const with_ = (resources: object) => ({ ...mainContainer, resources });
  const gib = 1024 ** 3;

  test("shares follow the request, quota and memory the limit", () => {
    const container = with_({ requests: { cpu: "250m" }, limits: { cpu: "1500m", memory: "64Mi" } });
    const resources = linuxResources(aPod({ containers: [container] }), container, gib);
    assert.equal(resources.cpuShares, 256n);
    assert.equal(resources.cpuQuota, 150_000n);
    assert.equal(resources.memoryLimitInBytes, 67_108_864n);
    assert.equal(linuxResources(aPod(), mainContainer, gib).cpuShares, 2n);
  });

  test("the kernel kills first who asked for nothing", () => {
    const guaranteed = with_({ limits: { cpu: "1", memory: "1Gi" } });
    const half = with_({ requests: { memory: "512Mi" } });
    assert.equal(oomScoreAdj(aPod(), mainContainer, gib), 1000);
    assert.equal(oomScoreAdj(aPod({ containers: [guaranteed] }), guaranteed, gib), -997);
    assert.equal(oomScoreAdj(aPod({ containers: [half] }), half, gib), 500);
  });
});

describe("security", () => {
  const root = { uid: 0, name: "" };
  const of = (pod: Pod, securityContext = {}, image: { uid: number | undefined; name: string } = root) =>
    containerSecurity({ pod, container: { ...mainContainer, securityContext }, image, seccompDir: "/s" });

  test("the container's word wins over the pod's, and the image comes last", () => {
    assert.equal(of(aPod({ securityContext: { runAsUser: 5 } }), { runAsUser: 7 }).runAsUser?.value, 7n);
    assert.equal(of(aPod({ securityContext: { runAsUser: 5 } })).runAsUser?.value, 5n);
    assert.equal(of(aPod(), {}, { uid: 9, name: "" }).runAsUser?.value, 9n);
    assert.equal(of(aPod(), {}, { uid: undefined, name: "www" }).runAsUsername, "www");
  });

  test("root is refused where it is not allowed", () => {
    const strict = aPod({ securityContext: { runAsNonRoot: true } });
    assert.throws(() => of(strict), TerminalError);
    assert.throws(() => of(strict, { runAsUser: 0 }), TerminalError);
    assert.throws(() => of(strict, {}, { uid: undefined, name: "www" }), TerminalError);
    assert.equal(of(strict, { runAsUser: 1 }).runAsUser?.value, 1n);
  });

  test("no profile means unconfined; a privileged container sees all of /proc", () => {
    const typeOf = (securityContext: object) => of(aPod(), securityContext).seccomp?.profileType;
    assert.equal(typeOf({}), ProfileType.Unconfined);
    assert.equal(typeOf({ seccompProfile: { type: "RuntimeDefault" } }), ProfileType.RuntimeDefault);
    assert.deepEqual(of(aPod(), { privileged: true }).maskedPaths, []);
    assert.ok((of(aPod()).maskedPaths ?? []).includes("/proc/kcore"));
    assert.equal(of(aPod(), { allowPrivilegeEscalation: false }).noNewPrivs, true);
    const local = of(aPod(), { seccompProfile: { type: "Localhost", localhostProfile: "a.json" } });
    assert.equal(local.seccomp?.localhostRef, "/s/a.json");
  });
});

describe("SELinux", () => {
  const shared = { seLinuxOptions: { type: "container_kvm_t", level: "s0:c1" } };
  const expected = { user: "", role: "", type: "container_kvm_t", level: "s0:c1" };
  const sandboxOf = (pod: Pod) => {
    const resolver = { servers: [], searches: [], options: [] };
    const input = { pod, attempt: 0, instance: "x", rootDir: "/r", clusterDomain: "cluster.local", resolver };
    return sandboxConfig(input).linux?.securityContext?.selinuxOptions;
  };
  const optionsOf = (pod: Pod, securityContext = {}) =>
    containerSecurity({
      pod,
      container: { ...mainContainer, securityContext },
      image: { uid: 0, name: "" },
      seccompDir: "",
    }).selinuxOptions;

  test("the pod's options are those of its containers and its sandbox, but for containers that have their own", () => {
    assert.deepEqual(optionsOf(aPod({ securityContext: shared })), expected);
    const own = { seLinuxOptions: { type: "spc_t" } };
    assert.deepEqual(optionsOf(aPod({ securityContext: shared }), own), { ...expected, type: "spc_t", level: "" });
    assert.equal(optionsOf(aPod()), undefined);
    assert.deepEqual(sandboxOf(aPod({ securityContext: shared })), expected);
    assert.equal(sandboxOf(aPod()), undefined);
  });
});

describe("names", () => {
  const cluster = { servers: ["10.43.0.10"], domain: "cluster.local" };
  const host = parseResolver("# x\nnameserver 192.0.2.1\nsearch example.org\noptions edns0\n");

  test("dnsPolicy", () => {
    const clusterFirst = podResolver(aPod(), cluster, host);
    assert.deepEqual(clusterFirst.servers, ["10.43.0.10"]);
    assert.deepEqual(clusterFirst.searches, [
      "n.svc.cluster.local",
      "svc.cluster.local",
      "cluster.local",
      "example.org",
    ]);
    assert.deepEqual(podResolver(aPod({ hostNetwork: true }), cluster, host), host);
    assert.deepEqual(
      podResolver(aPod({ hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }), cluster, host).servers,
      cluster.servers,
    );
    assert.deepEqual(podResolver(aPod({ dnsPolicy: "Default" }), cluster, host), host);
    const own = { nameservers: ["192.0.2.9"], options: [{ name: "ndots", value: "1" }, { name: "rotate" }] };
    const merged = podResolver(aPod({ dnsConfig: own }), cluster, host);
    assert.deepEqual(merged.servers, ["10.43.0.10", "192.0.2.9"]);
    assert.deepEqual(merged.options, ["ndots:1", "rotate"]);
  });

  test("/etc/hosts names the pod and its aliases", () => {
    const pod = aPod({ hostname: "h", subdomain: "s", hostAliases: [{ ip: "192.0.2.3", hostnames: ["a", "b"] }] });
    const hosts = renderHosts(pod, ["10.0.0.2"], "cluster.local", "");
    assert.match(hosts, /^10\.0\.0\.2\th\.s\.n\.svc\.cluster\.local\th$/m);
    assert.match(hosts, /^192\.0\.2\.3\ta\tb$/m);
  });

  test("services become variables, of the own namespace only", () => {
    const service = (namespace: string, name: string) => ({
      metadata: { namespace, name },
      spec: { clusterIP: "10.43.0.7", ports: [{ name: "web-ui", port: 80 }] },
    });
    const all = [service("n", "my-app"), service("other", "x"), service("default", "kubernetes")];
    const env = Object.fromEntries(serviceEnv(all, aPod()));
    assert.equal(env["MY_APP_SERVICE_HOST"], "10.43.0.7");
    assert.equal(env["MY_APP_SERVICE_PORT_WEB_UI"], "80");
    assert.equal(env["MY_APP_PORT_80_TCP_ADDR"], "10.43.0.7");
    assert.equal(env["KUBERNETES_SERVICE_HOST"], "10.43.0.7");
    assert.equal(env["X_SERVICE_HOST"], undefined);
    assert.deepEqual(
      Object.keys(Object.fromEntries(serviceEnv(all, aPod({ enableServiceLinks: false })))).filter((name) =>
        name.startsWith("MY_APP"),
      ),
      [],
    );
  });
});

test("devices are those that the container asks for", () => {
  const devices = [{ name: "devices.kubevirt.io/tun", capacity: 9, paths: ["/dev/net/tun"] }];
  const input = {
    attempt: 0,
    backoffLevel: 0,
    imageId: "i",
    imageUser: { uid: 0, name: "" },
    env: new Map([["A", "1"]]),
    mounts: [],
    blockDevices: [],
    devices,
    nodeMemoryBytes: 1,
    seccompDir: "",
  };
  const asking = { ...mainContainer, args: ["$(A)"], resources: { limits: { "devices.kubevirt.io/tun": "1" } } };
  const config = containerConfig({ ...input, pod: aPod(), container: asking });
  assert.deepEqual(config.devices, [{ hostPath: "/dev/net/tun", containerPath: "/dev/net/tun", permissions: "rwm" }]);
  assert.deepEqual(config.args, ["1"]);
  assert.deepEqual(containerConfig({ ...input, pod: aPod(), container: mainContainer }).devices, []);
});
