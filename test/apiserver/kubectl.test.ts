/** Stock kubectl, today's and Debian's 1.20, against the API server alone: no node runs anything. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ApiserverProcess, startApiserverProcess } from "../client/apiserver-process.ts";
import { fails, type Kubectl, ok, runner } from "./kubectl.ts";
import { definition, deployment, pod, widget } from "./manifests.ts";
import { currentKubectl, debianKubectl } from "../fixtures/kubectl.ts";

let server: ApiserverProcess;
let home: string;

before(async () => {
  server = await startApiserverProcess();
  home = await mkdtemp(join(tmpdir(), "vmpod-kubectl-"));
});

after(async () => {
  await server.remove();
  await rm(home, { recursive: true });
});

for (const [name, find] of [
  ["current", async () => currentKubectl()],
  ["Debian's 1.20", debianKubectl],
] as const) {
  describe(`kubectl, ${name}`, () => {
    let kubectl: Kubectl;
    before(async () => {
      kubectl = runner(await find(), server.kubeconfig, home);
    });

    it("applies, shows, changes and deletes a Deployment", async () => {
      assert.match(await ok(kubectl, ["apply", "-f", "-"], deployment), /deployment.apps\/web created/);
      assert.match(await ok(kubectl, ["apply", "-f", "-"], deployment), /deployment.apps\/web unchanged/);
      assert.match(
        await ok(kubectl, ["apply", "-f", "-"], deployment.replace("replicas: 2", "replicas: 3")),
        /configured/,
      );
      assert.match(
        await ok(kubectl, ["get", "deploy", "-o", "wide"]),
        /NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nweb +0\/3 +0 +0 +\S+ +c +localhost\/x +app=web/,
      );
      await ok(kubectl, ["scale", "deploy", "web", "--replicas=5"]);
      await ok(kubectl, [
        "patch",
        "deploy",
        "web",
        "-p",
        '{"spec":{"template":{"spec":{"containers":[{"name":"d","image":"y:1"}]}}}}',
      ]);
      await ok(kubectl, ["label", "deploy", "web", "a=b"]);
      const path =
        "{.spec.replicas} {.metadata.generation} {.spec.template.spec.containers[*].name} {.metadata.labels.a}";
      assert.equal(await ok(kubectl, ["get", "deploy", "web", "-o", `jsonpath=${path}`]), "5 4 c d b");
      assert.match(await ok(kubectl, ["describe", "deploy", "web"]), /StrategyType: +RollingUpdate/);
      assert.match(await ok(kubectl, ["get", "deploy", "-l", "tier in (front, back)", "-o", "name"]), /web/);
      assert.match(await ok(kubectl, ["delete", "deploy", "web"]), /deleted/);
      assert.match(await fails(kubectl, ["get", "deploy", "web"]), /deployments.apps "web" not found/);
    });

    it("fills in what upstream fills in", async () => {
      await ok(kubectl, ["apply", "-f", "-"], pod);
      const path =
        "{.spec.restartPolicy} {.spec.dnsPolicy} {.spec.containers[0].imagePullPolicy} {.spec.containers[0].resources.requests.memory} {.spec.serviceAccountName} {.status.phase} {.status.qosClass}";
      assert.equal(
        await ok(kubectl, ["get", "pod", "p1", "-o", `jsonpath=${path}`]),
        "Always ClusterFirst IfNotPresent 1Gi default Pending Guaranteed",
      );
      const listed = await ok(kubectl, [
        "get",
        "pods",
        "--field-selector",
        "status.phase=Pending,spec.nodeName=",
        "-o",
        "name",
      ]);
      assert.equal(listed, "pod/p1\n");
      assert.match(await ok(kubectl, ["delete", "pod", "p1"]), /deleted/);
    });

    it("explains, lists resources, and asks what is allowed", async () => {
      assert.match(await ok(kubectl, ["explain", "pod.spec.containers.image"]), /Container image name/);
      assert.match(await ok(kubectl, ["api-resources"]), /deployments +deploy +apps\/v1 +true +Deployment/);
      assert.match(await ok(kubectl, ["auth", "can-i", "create", "pods"]), /yes/);
      const { stdout } = await kubectl(["auth", "can-i", "create", "pods", "--as", "nobody"]);
      assert.match(stdout, /no/);
    });

    it("creates by its typed commands", async () => {
      await ok(kubectl, ["create", "configmap", "cm", "--from-literal=k=v"]);
      assert.equal(await ok(kubectl, ["get", "cm", "cm", "-o", "jsonpath={.data.k}"]), "v");
      await ok(kubectl, ["create", "deployment", "d", "--image=a:1"]);
      await ok(kubectl, ["expose", "deployment", "d", "--port=80", "--type=NodePort"]);
      assert.match(await ok(kubectl, ["get", "svc", "d"]), /d +NodePort +10\.43\.\d+\.\d+ +<none> +80:3\d{4}\/TCP/);
      await ok(kubectl, ["delete", "cm/cm", "deploy/d", "svc/d"]);
    });

    it("defines, uses and removes a kind of its own", async () => {
      await ok(kubectl, ["apply", "-f", "-"], definition);
      await ok(kubectl, ["wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=60s"]);
      await ok(kubectl, ["apply", "-f", "-"], widget);
      assert.match(await ok(kubectl, ["get", "wd"]), /NAME +SIZE +READY +AGE\nw1 +3 +\S+/);
      await ok(kubectl, ["scale", "wd", "w1", "--replicas=4"]);
      assert.equal(
        await ok(kubectl, ["get", "wd", "w1", "-o", "jsonpath={.spec}"]),
        '{"color":"red","replicas":4,"size":3}',
      );
      assert.match(
        await ok(kubectl, ["get", "widgets.v1beta1.example.com", "w1", "-o", "yaml"]),
        /apiVersion: example.com\/v1beta1/,
      );
      assert.match(await ok(kubectl, ["explain", "widget.spec.size"]), /How big it is/);
      assert.match(
        await fails(kubectl, ["apply", "-f", "-"], widget.replace("size: 3", "size: 30")),
        /spec.size in body should be less than or equal to 10/,
      );
      assert.match(
        await fails(kubectl, ["apply", "-f", "-"], widget.replace("size: 3", "size: 3, sized: 4")),
        /unknown field "?(spec\.)?sized/,
      );
      await ok(kubectl, ["delete", "crd", "widgets.example.com"]);
      assert.match(await fails(kubectl, ["get", "widgets"]), /doesn't have a resource type|could not find/);
    });
  });
}

describe("kubectl, current", () => {
  let kubectl: Kubectl;
  before(() => {
    kubectl = runner(currentKubectl(), server.kubeconfig, home);
  });

  it("applies server-side and names the manager in a conflict", async () => {
    await ok(kubectl, ["apply", "--server-side", "-f", "-"], deployment);
    const stderr = await fails(
      kubectl,
      ["apply", "--server-side", "--field-manager=other", "-f", "-"],
      deployment.replace("replicas: 2", "replicas: 9"),
    );
    assert.match(stderr, /conflict with "kubectl": .spec.replicas/);
    await ok(
      kubectl,
      ["apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"],
      deployment.replace("replicas: 2", "replicas: 9"),
    );
    assert.equal(await ok(kubectl, ["get", "deploy", "web", "-o", "jsonpath={.spec.replicas}"]), "9");
    await ok(kubectl, ["delete", "deploy", "web"]);
  });

  it("changes nothing in a dry run", async () => {
    assert.match(await ok(kubectl, ["apply", "--dry-run=server", "-f", "-"], deployment), /created \(server dry run\)/);
    await fails(kubectl, ["get", "deploy", "web"]);
    await ok(kubectl, ["apply", "-f", "-"], deployment);
    await ok(kubectl, ["scale", "deploy", "web", "--replicas=7", "--dry-run=server"]);
    assert.equal(await ok(kubectl, ["get", "deploy", "web", "-o", "jsonpath={.spec.replicas}"]), "2");
    await ok(kubectl, ["delete", "deploy", "web", "--dry-run=server"]);
    await ok(kubectl, ["delete", "deploy", "web"]);
  });

  it("issues tokens that authenticate", async () => {
    await ok(kubectl, ["create", "serviceaccount", "robot"]);
    await ok(kubectl, ["create", "rolebinding", "robot-views", "--clusterrole=view", "--serviceaccount=default:robot"]);
    const token = (await ok(kubectl, ["create", "token", "robot"])).trim();
    const asRobot = [
      "--token",
      token,
      "--server",
      await ok(kubectl, ["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]),
      "--insecure-skip-tls-verify",
      "--kubeconfig",
      "/dev/null",
    ];
    assert.match(await ok(kubectl, [...asRobot, "auth", "whoami"]), /system:serviceaccount:default:robot/);
    await ok(kubectl, [...asRobot, "get", "pods"]);
    assert.match(await fails(kubectl, [...asRobot, "get", "secrets"]), /Forbidden/);
    await ok(kubectl, ["delete", "serviceaccount", "robot"]);
    assert.match(await fails(kubectl, [...asRobot, "get", "pods"]), /Unauthorized|logged in/);
    await ok(kubectl, ["delete", "rolebinding", "robot-views"]);
  });
});
