/** Services as their clients see them: from a pod, from the host, by address and by name; and whom NetworkPolicies keep out. */
import assert from "node:assert/strict";
import { isIP, isIPv4, isIPv6 } from "node:net";
import { test } from "node:test";
import { eventually, run } from "../embedded/instance.ts";
import { useInstance } from "../embedded/use-instance.ts";
import { deployment, networkPolicy, pod, podSpec, service, webContainer } from "./manifests.ts";

const instance = useInstance("vt0", 0);
const { kubectl, tryKubectl, apply, fieldOf } = instance;

/** How long who asks waits for an answer. What is kept out, or gone, does not answer later. */
const [answerSeconds, noAnswerSeconds] = [20, 3];

/** Asks from the pod `client`; the answer is the name of the pod that served and the address it saw. */
const askFromPod = (host: string, from = "client", seconds = answerSeconds) => {
  const ask = `printf 'GET /cgi-bin/who HTTP/1.0\\r\\n\\r\\n' | nc -w ${seconds} ${host} 80`;
  return tryKubectl(["exec", from, "--", "sh", "-c", ask]);
};
const askFromHost = (url: string, seconds = answerSeconds) =>
  run(["curl", "-s", "-S", "--max-time", String(seconds), `http://${url}/cgi-bin/who`]);
const clusterIp = (name: string) => fieldOf(`service/${name}`, ".spec.clusterIP");
const podsOf = (app: string) =>
  kubectl("get", "pods", "-l", `app=${app}`, "-o", "jsonpath={.items[*].metadata.name}").split(" ");
/** At one look: one that is going may be gone at the next. */
const stayingPodsOf = (app: string) =>
  kubectl(
    "get",
    "pods",
    "-l",
    `app=${app}`,
    "-o",
    "jsonpath={range .items[*]}{.metadata.name} {.metadata.deletionTimestamp}{'\\n'}{end}",
  )
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([name, deleted]) => name && !deleted)
    .map(([name]) => name);
const served = ({ stdout }: { stdout: string }) => stdout.trim().split("\n").at(-1)?.split(" ")[0] ?? "";

/** Waits until each of them has answered, as a Service is there before the nodes know all that is behind it; then asks often. */
async function allAnswer(ask: () => { stdout: string }, names: readonly string[]): Promise<void> {
  const heard = new Set<string>();
  const isHeard = (): true | undefined => {
    heard.add(served(ask()));
    return names.every((name) => heard.has(name)) || undefined;
  };
  await eventually("all have answered", 60_000, isHeard, () => [...heard].join());
  assert.deepEqual(
    [...whoAnswers(ask, 20)].filter((name) => !names.includes(name)),
    [],
    "nobody else answers",
  );
}

/** Who answers when asked often. */
function whoAnswers(ask: () => { stdout: string }, times: number): Set<string> {
  return new Set(Array.from({ length: times }, () => served(ask())));
}

const resolve = (name: string) => tryKubectl(["exec", "client", "--", "nslookup", name]);

test("the servers and a client come up", () => {
  apply(
    deployment("web", 3, podSpec({}, webContainer)),
    pod("client", podSpec()),
    service("web", "web"),
    service("sticky", "web", { sessionAffinity: "ClientIP" }),
    service("both", "web", { ipFamilyPolicy: "RequireDualStack" }),
    service("six", "web", { ipFamilies: ["IPv6"], sessionAffinity: "ClientIP" }),
    service("headless", "web", { clusterIP: "None" }),
    service("node", "web", { type: "NodePort", ports: [{ port: 80, targetPort: 8080, nodePort: 30_990 }] }),
    service("nobody", "nobody", { ports: [{ port: 80 }] }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "alias" },
      spec: { type: "ExternalName", externalName: "web.default.svc.cluster.local" },
    },
  );
  kubectl("rollout", "status", "deployment/web", "--timeout=90s");
  kubectl("wait", "--for=condition=Ready", "pod/client", "--timeout=60s");
});

test("all pods behind a Service serve, asked from a pod by name and from the host by address", async () => {
  const all = podsOf("web");
  await allAnswer(() => askFromPod("web"), all);
  const address = clusterIp("web");
  await allAnswer(() => askFromHost(address), all);
});

test("a pod has an address of each family, and a Service of both answers on both, from a pod and from the host", async () => {
  const [four = "", six = "", ...others] = fieldOf("pod/client", ".status.podIPs[*].ip").split(" ");
  assert.deepEqual([isIPv4(four), isIPv6(six), others], [true, true, []]);
  assert.equal(fieldOf("node", ".items[0].spec.podCIDRs").split(",").length, 2);
  const addresses = fieldOf("service/both", ".spec.clusterIPs[*]").split(" ");
  assert.deepEqual(addresses.map(isIP), [4, 6]);
  for (const address of addresses) {
    await allAnswer(() => askFromPod(address), podsOf("web"));
    assert.ok(podsOf("web").includes(served(askFromHost(isIPv6(address) ? `[${address}]` : address))));
  }
  // The servers see who asks, by its own address of that family.
  assert.ok(askFromPod(addresses[1] ?? "").stdout.includes(six));
});

test("names have the addresses of their families, and addresses have names", () => {
  const [four = "", six = ""] = fieldOf("service/both", ".spec.clusterIPs[*]").split(" ");
  const { stdout } = resolve("both.default.svc.cluster.local");
  assert.ok(stdout.includes(`Address: ${four}`) && stdout.includes(`Address: ${six}`), stdout);
  assert.equal(fieldOf("service/six", ".spec.clusterIP"), fieldOf("service/six", ".spec.clusterIPs[0]"));
  assert.ok(podsOf("web").includes(served(askFromPod("six"))), "it has no other address");
  assert.match(resolve(six).stdout, /both\.default\.svc\.cluster\.local/);
});

test("a Service gets a second family, and gives it back; what the cluster has not is refused", () => {
  const policyOf = (ipFamilyPolicy: string) =>
    tryKubectl(["patch", "service", "web", "-p", JSON.stringify({ spec: { ipFamilyPolicy } })]);
  const addresses = () => fieldOf("service/web", ".spec.clusterIPs[*]").split(" ");
  const before = addresses();
  assert.equal(policyOf("PreferDualStack").status, 0);
  assert.deepEqual([addresses()[0], ...addresses().map(isIP)], [before[0], 4, 6]);
  assert.equal(policyOf("SingleStack").status, 0);
  assert.deepEqual(addresses(), before);
  assert.match(policyOf("Both").stderr, /spec\.ipFamilyPolicy: .*"Both".*SingleStack/);
});

test("an alias is followed", () => {
  assert.ok(podsOf("web").includes(served(askFromPod("alias"))));
});

test("a node port serves on the node's address", () => {
  assert.ok(
    podsOf("web").includes(served(askFromHost(`${fieldOf("nodes", ".items[0].status.addresses[0].address")}:30990`))),
  );
});

test("a headless Service's name has the pods' addresses, and each address its own name", () => {
  const addresses = kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].status.podIP}").split(" ");
  const { stdout } = resolve("headless.default.svc.cluster.local");
  for (const address of addresses) assert.ok(stdout.includes(address), stdout);
  const [first = ""] = addresses;
  const one = resolve(`${first.replaceAll(".", "-")}.headless.default.svc.cluster.local`);
  assert.ok(one.stdout.includes(first), one.stdout);
  assert.notEqual(resolve("gone.default.svc.cluster.local").status, 0);
});

test("a Service without endpoints refuses at once", () => {
  const { status, stderr } = askFromHost(clusterIp("nobody"));
  assert.equal(status, 7, stderr); // refused; 28 would be a time-out
  assert.match(askFromPod("nobody").stderr, /refused/);
});

test("a pod reaches itself through its Service, and sees another client than itself", async () => {
  apply(
    pod("alone", podSpec({}, webContainer)),
    service("alone", "alone"),
    service("alone-six", "alone", { ipFamilies: ["IPv6"] }),
  );
  kubectl("wait", "--for=condition=Ready", "pod/alone", "--timeout=60s");
  // By address: its name is the pod's own host name, too.
  const ask = () => askFromPod(clusterIp("alone"), "alone");
  assert.equal(await eventually("an answer", 30_000, () => served(ask()) || undefined), "alone");
  const address = fieldOf("pod/alone", ".status.podIP");
  assert.ok(!ask().stdout.includes(address), "the answer would take a short cut past the translation");
});

test("a network policy lets in whom it names, on the port that it names, and the host", async () => {
  apply(
    networkPolicy("into-alone", {
      podSelector: { matchLabels: { app: "alone" } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: "client" } } }], ports: [{ port: "http" }] }],
    }),
  );
  const [other = ""] = podsOf("web");
  const keptOut = (host: string) => served(askFromPod(host, other, noAnswerSeconds)) === "";
  await eventually("it keeps others out", 30_000, () => keptOut("alone") || undefined);
  assert.equal(served(askFromPod("alone")), "alone");
  assert.equal(served(askFromHost(clusterIp("alone"))), "alone");
  assert.equal(served(askFromPod(clusterIp("alone"), "alone")), "alone", "itself");
  const six = fieldOf("service/alone-six", ".spec.clusterIP");
  assert.ok(keptOut(six), "by IPv6 neither");
  assert.equal(served(askFromPod(six)), "alone");
  assert.equal(served(askFromPod(six, "alone")), "alone", "itself");
  const linkLocal = tryKubectl(["exec", "alone", "--", "ip", "-6", "address", "show", "dev", "eth0"]).stdout;
  const [, beside = ""] = /inet6 (fe80:\S+)\/64/.exec(linkLocal) ?? [];
  assert.notEqual(tryKubectl(["exec", other, "--", "nc", "-w", "2", `${beside}%eth0`, "8080"]).status, 0);
  kubectl("delete", "networkpolicy", "into-alone");
  for (const host of ["alone", six]) {
    await eventually(`nobody is kept out from ${host}`, 30_000, () => !keptOut(host) || undefined);
    assert.equal(served(askFromPod(host, other)), "alone");
  }
});

test("a pod that may send nothing cannot from its first moment, but resolves names", async () => {
  apply(networkPolicy("silent", { podSelector: { matchLabels: { app: "silent" } }, policyTypes: ["Egress"] }));
  const address = fieldOf("pod/alone", ".status.podIP");
  const attempt = `nc -w 5 ${address} 8080 </dev/null 2>/dev/null && echo reached || echo kept`;
  apply(pod("silent", podSpec({}, { command: ["sh", "-c", `${attempt}; exec sleep 3600`] })));
  const said = () => tryKubectl(["logs", "silent"]).stdout.trim();
  assert.equal(await eventually("it has tried", 60_000, () => said() || undefined), "kept");
  assert.match(tryKubectl(["exec", "silent", "--", "nslookup", "web.default.svc.cluster.local"]).stdout, /Address/);
  assert.match(
    tryKubectl(["apply", "-f", "-"], JSON.stringify(networkPolicy("bad", { ingress: [{ from: [{}] }] }))).stderr,
    /spec\.ingress\[0\]\.from\[0\]: Required value: must specify a peer/,
  );
  kubectl("delete", "networkpolicy", "silent");
  const again = () => tryKubectl(["exec", "silent", "--", "sh", "-c", attempt]).stdout.trim();
  await eventually("it may speak", 30_000, () => (again() === "reached" ? true : undefined));
});

test("a client keeps its pod, also when other Services come and go", async () => {
  const [kept = "", ...others] = whoAnswers(() => askFromPod("sticky"), 8);
  assert.deepEqual([podsOf("web").includes(kept), others], [true, []]);
  for (const round of [1, 2, 3]) {
    apply(service(`other-${round}`, "web"));
    await eventually("its rules", 30_000, () =>
      askFromHost(clusterIp(`other-${round}`)).status === 0 ? true : undefined,
    );
    assert.deepEqual([...whoAnswers(() => askFromPod("sticky"), 3)], [kept]);
  }
});

test("a pod that goes, goes from the Service before it ends, and clients do not notice", async () => {
  kubectl("scale", "deployment/web", "--replicas=1");
  await eventually("one endpoint", 60_000, () =>
    /^\S+$/.test(fieldOf("endpoints/web", ".subsets[0].addresses[*].ip")) ? true : undefined,
  );
  const [only = "", ...others] = stayingPodsOf("web");
  assert.ok(only !== "" && others.length === 0, [only, ...others].join());
  const address = clusterIp("web");
  await eventually("the rules follow", 60_000, () => {
    // Whoever asks one that is gone waits in vain, so a look ends with the first wrong answer.
    const isWrong = () => served(askFromHost(address, noAnswerSeconds)) !== only;
    return Array.from({ length: 6 }).some(isWrong) ? undefined : true;
  });
  kubectl("scale", "deployment/web", "--replicas=0");
  await eventually("it refuses", 60_000, () => (askFromHost(clusterIp("web")).status === 7 ? true : undefined));
});
