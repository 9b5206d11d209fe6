/** vmpod's commands that reach into the running resident: by its agent, its network, its screen and its USB slots. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { eventually } from "../../embedded/instance.ts";
import { bootMs, launcherOf } from "../facts.ts";
import { greeting, withLocalPort } from "../local-port.ts";
import { inGuest, login, said } from "../said.ts";
import { scratch } from "../ssh-key.ts";
import type { Scenario, Target } from "../target.ts";
import { keysSecret, passwordsSecret } from "./lifecycle.ts";

const vm = "vm/resident";

export const guestVerbs: Scenario[] = [
  {
    name: "vmpod guestosinfo, userlist, fslist",
    async play(target) {
      const answers = [
        await said(target, "guestosinfo", "resident"),
        await said(target, "userlist", "resident"),
        await said(target, "fslist", "resident"),
      ];
      return answers.map((answer) => Object.keys(JSON.parse(answer) as object));
    },
  },
  {
    name: "vmpod logs",
    async play(target) {
      assert.match(await said(target, "logs", "resident", "--tail=200"), /login:/);
    },
  },
  {
    name: "vmpod ssh passes output and status",
    async play(target) {
      const { status, stdout } = await target.vmpod("ssh", ...login, `vmpod@${vm}`, "-c", "hostname; exit 7");
      return { status, stdout };
    },
  },
  {
    name: "vmpod scp, there and back",
    play: (target) =>
      thereAndBack(target, async (there, back) => {
        await said(target, "scp", ...login, there, `vmpod@${vm}:/tmp/copied`);
        await said(target, "scp", ...login, `vmpod@${vm}:/tmp/copied`, back);
      }),
  },
  {
    name: "vmpod exec: outputs apart, and the exit code",
    play: (target) => target.vmpod("exec", vm, "--", "sh", "-c", "id -u; echo err >&2; exit 7"),
  },
  {
    name: "vmpod cp, there and back",
    play: (target) =>
      thereAndBack(target, async (there, back) => {
        await said(target, "cp", there, `${vm}:/tmp/by-agent`);
        await said(target, "cp", `${vm}:/tmp/by-agent`, back);
      }),
  },
  {
    name: "vmpod vnc, vnc screenshot",
    async play(target) {
      const file = scratch(`${target.name}.png`);
      await said(target, "vnc", "screenshot", "resident", "-f", file);
      const picture = readFileSync(file).subarray(1, 4).toString();
      const viewed = await withLocalPort(target, () => target.startVmpod("vnc", "resident", "--proxy-only"), greeting);
      return [picture, viewed.toString()];
    },
  },
  {
    name: "vmpod usbredir: the guest's slot greets",
    async play(target) {
      const hello = await withLocalPort(
        target,
        () => target.startVmpod("usbredir", "--no-launch", "resident"),
        greeting,
      );
      const [type, version] = [hello.readUInt32LE(0), hello.subarray(12).toString()];
      assert.match(version, /^qemu usb-redir/);
      return type;
    },
  },
];

export const changedCredentials: Scenario = {
  name: "vmpod credentials: another key and another password",
  async play(target) {
    const of = ["--user=root", "--force", "resident"];
    return [
      await said(target, "credentials", "add-ssh-key", "--value=ssh-ed25519 BBBB john", ...of),
      await said(target, "credentials", "remove-ssh-key", "--value=ssh-ed25519 AAAA jane", ...of),
      await said(target, "credentials", "set-password", "--password=open", ...of),
    ].map((line) => line.replace(keysSecret, "KEYS").replace(passwordsSecret, "PASSWORDS"));
  },
};

export const credentialsArrive: Scenario = {
  name: "the guest has the changed key and password, without a restart",
  async play(target) {
    // A kubelet looks at a pod's Secrets about once a minute, an agent at a guest's twice, and both when the object changes.
    const touch = (object: string) =>
      target.kubectl("annotate", object, `parity.example/touched=${Date.now()}`, "--overwrite");
    await touch(`pod/${(await launcherOf(target, "resident")).metadata.name}`);
    const keys = () => inGuest(target, "cat /root/.ssh/authorized_keys");
    await eventually(
      `${target.name}: the changed key`,
      bootMs,
      async () => {
        await touch("vmi/resident");
        return (await keys()).trim() === "ssh-ed25519 BBBB john" || undefined;
      },
      keys,
    );
    await eventually(`${target.name}: the changed password`, bootMs, () => rootsPasswordIs(target, "open"));
  },
};

async function rootsPasswordIs(target: Target, password: string): Promise<true | undefined> {
  const stored = (await inGuest(target, "grep ^root: /etc/shadow | cut -d: -f2")).trim();
  const [, , salt = ""] = stored.split("$");
  return (await inGuest(target, `mkpasswd -m sha512 -S '${salt}' ${password}`)).trim() === stored || undefined;
}

async function thereAndBack(target: Target, copy: (there: string, back: string) => Promise<void>): Promise<void> {
  const [there, back] = [scratch(`${target.name}-there`), scratch(`${target.name}-back`)];
  writeFileSync(there, Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251)));
  await copy(there, back);
  assert.ok(readFileSync(there).equals(readFileSync(back)));
}
