import assert from "node:assert/strict";
import { test } from "node:test";
import { type BootWitness, detectBootFailure } from "./detect-boot-failure.ts";
import { parseHaltedInFirmware, parseScreen } from "./read-screen.ts";

const quiet: BootWitness = {
  serialTail: "",
  screen: "",
  haltedInFirmware: false,
  ageMs: 5_000,
  resetsMs: [],
  nowMs: 1_000_000,
};

test("signs of a guest that does not come up", () => {
  const table: [string, Partial<BootWitness>, string | undefined][] = [
    ["nothing yet", {}, undefined],
    [
      "BIOS gave up",
      { screen: "SeaBIOS\nBooting from Hard Disk...\nBoot failed\n\nNo bootable device." },
      "NoBootableDevice",
    ],
    [
      "EFI gave up",
      { serialTail: "BdsDxe: No bootable option or device was found.\r\nBdsDxe: Press any key" },
      "NoBootableDevice",
    ],
    ["said long ago", { screen: "No bootable device.\na\nb\nc\nlogin:" }, undefined],
    ["GRUB's prompt", { screen: "GNU GRUB  version 2.06\n\n\ngrub>" }, "BootLoaderStopped"],
    ["panic", { serialTail: "[1.2] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n" }, "KernelPanic"],
    ["three resets", { resetsMs: [900_000, 950_000, 990_000] }, "BootLoop"],
    ["resets of old", { resetsMs: [1, 2, 990_000] }, undefined],
    ["firmware rests for a moment", { haltedInFirmware: true }, undefined],
    ["firmware rests for good", { haltedInFirmware: true, ageMs: 30_000 }, "NoBootableDevice"],
  ];
  for (const [what, change, expected] of table) {
    assert.equal(detectBootFailure({ ...quiet, ...change })?.reason, expected, what);
  }
});

test("a text screen from a dump of its memory", () => {
  const word = (character: string) => `0x07${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  const line = (text: string) => text.padEnd(80).split("").map(word).join(" ");
  const dump = `00000000000b8000: ${line("SeaBIOS")}\n00000000000b80a0: ${line("No bootable device.")}\n`;
  assert.equal(parseScreen(dump), "SeaBIOS\nNo bootable device.");
  assert.equal(parseScreen(""), "");
});

test("a processor that rests in the firmware", () => {
  const registers =
    "EIP=0000b7b9 EFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\nCS =f000 000f0000 0000ffff 00009b00";
  assert.ok(parseHaltedInFirmware(registers));
  assert.ok(!parseHaltedInFirmware(registers.replace("HLT=1", "HLT=0")));
  assert.ok(!parseHaltedInFirmware(registers.replace("CS =f000", "CS =0010")));
});
