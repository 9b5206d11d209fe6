/** The ways into a running guest: console, screen, ports, guest agent. They need the resident. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { fetchText } from "../../embedded/fetch-text.ts";
import { eventually } from "../../embedded/instance.ts";
import { stopMs } from "../facts.ts";
import { withLocalPort } from "../local-port.ts";
import type { Scenario, Target } from "../target.ts";

const base = "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/resident";

export const access: Scenario[] = [
  {
    name: "the serial console asks who is there",
    async play(target) {
      const child = target.startVmpod("console", "resident");
      const closed = once(child, "close");
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
      child.stdin.on("error", () => undefined); // it ended first: then the wait below fails
      const enter = setInterval(() => child.stdin.write("\r"), 300);
      try {
        await eventually(
          `${target.name}: a login prompt`,
          stopMs,
          () => text.includes("login:") || undefined,
          () => text,
        );
      } finally {
        clearInterval(enter);
        child.stdin.end("\x1d");
        await closed;
      }
      return child.exitCode;
    },
  },
  {
    name: "the screen is a picture",
    async play(target) {
      const path = `${base}/vnc/screenshot?moveCursor=false`;
      const { status, stdout } = await target.tryKubectl(["get", "--raw", path]);
      assert.equal(status, 0);
      assert.ok(stdout.includes("PNG"), stdout.slice(0, 80));
      return stdout.slice(1, 4);
    },
  },
  {
    name: "a port is forwarded",
    play: (target) =>
      withLocalPort(
        target,
        () => target.startVmpod("port-forward", "vmi/resident", "0:80"),
        (port) =>
          eventually(`${target.name}: its web server`, stopMs, () => fetchText(`http://127.0.0.1:${port}/hostname`)),
      ),
  },
  ...["guestosinfo", "userlist", "filesystemlist"].map((subresource) => ({
    name: `guest agent: ${subresource}`,
    async play(target: Target) {
      const answer = JSON.parse(await target.kubectl("get", "--raw", `${base}/${subresource}`)) as Record<
        string,
        unknown
      >;
      return [answer["kind"], Object.keys(answer).sort()];
    },
  })),
  {
    name: "who may not, is told so",
    async play(target) {
      const { status, stderr } = await target.tryKubectl(["get", "--raw", `${base}/guestosinfo`, "--as", "nobody"]);
      assert.notEqual(status, 0);
      assert.match(stderr, /[Ff]orbidden/);
      return status;
    },
  },
];
