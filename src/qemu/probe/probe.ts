/**
 * Whether an accelerator really runs 64-bit guests. That /dev/kvm exists, opens and makes machines proves nothing: nested
 * and paravirtual KVMs do all that and then hang. So a tiny guest is run, and must come to its end in time.
 */
import { constants } from "node:fs";
import { access, type FileHandle, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "../../base/errors.ts";
import { exec } from "../../base/exec.ts";
import { qemuProgram } from "../domain/arguments.ts";
import { endWithParent } from "./end-with-parent.ts";
import { payloadExitCode, probePayload } from "./payload.ts";

export interface ProbeResult {
  usable: boolean;
  /** One sentence for people; what was observed, and for a refusal what it means. */
  reason: string;
  durationMs: number;
}

export interface ProbeOptions {
  program?: string;
  kvmDevice?: string;
  timeoutMs?: number;
}

/** At least. A KVM that hangs hangs for ever, but on a busy machine everything is slow: see `patience`. */
const kvmTimeoutMs = 1000;
/** Emulation has no reason to hang, but a busy machine has reasons to be slow. */
const tcgTimeoutMs = 20_000;

export async function probeKvm(options: ProbeOptions = {}): Promise<ProbeResult> {
  const device = options.kvmDevice ?? "/dev/kvm";
  const obstacle = await deviceObstacle(device);
  if (obstacle !== undefined) return { usable: false, reason: obstacle, durationMs: 0 };
  const done = new AbortController();
  const tooLate = patience(options, done.signal);
  const result = await runPayload("kvm", tooLate, options.program).finally(() => done.abort());
  return result.usable
    ? { ...result, reason: `${device} ran a 64-bit test guest` }
    : { ...result, reason: `${device} is there, but ${result.reason}` };
}

/**
 * How long the guest may take under KVM: twice as long as it takes when it is emulated, at the same time on the same machine. Answered once
 * and for all, "too slow" would leave a node to emulation that was merely busy when its agent was started.
 */
function patience({ timeoutMs = kvmTimeoutMs, program }: ProbeOptions, done: AbortSignal): AbortSignal {
  const tooLate = new AbortController();
  void runPayload("tcg", AbortSignal.any([done, AbortSignal.timeout(tcgTimeoutMs)]), program)
    .then(({ durationMs }) => delay(Math.max(timeoutMs, 2 * durationMs) - durationMs, undefined, { signal: done }))
    .then(
      () => tooLate.abort(),
      () => tooLate.abort(),
    );
  return tooLate.signal;
}

export function probeTcg(options: ProbeOptions = {}): Promise<ProbeResult> {
  return runPayload("tcg", AbortSignal.timeout(options.timeoutMs ?? tcgTimeoutMs), options.program);
}

async function deviceObstacle(device: string): Promise<string | undefined> {
  try {
    await access(device, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      return `there is no ${device}: the processor's virtualization is off or not passed to this machine`;
    return `${device} cannot be opened (${code}): it needs read and write permission`;
  }
}

async function runPayload(
  accelerator: "kvm" | "tcg",
  signal: AbortSignal,
  program = qemuProgram,
): Promise<ProbeResult> {
  await using payload = await openUnnamed(probePayload());
  const startedMs = performance.now();
  const took = (): number => Math.round(performance.now() - startedMs);
  try {
    const bios = `/proc/${process.pid}/fd/${payload.fd}`;
    await exec([...endWithParent, program, ...payloadArguments(accelerator, bios)], { signal });
    return { usable: false, reason: "the 64-bit test guest ended QEMU without an answer", durationMs: took() };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { ...judge(error, signal.aborted ? took() : undefined), durationMs: took() };
  }
}

/** A file that is gone with this process, however it ends. */
async function openUnnamed(content: Uint8Array): Promise<FileHandle> {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-probe-"));
  try {
    const path = join(directory, "probe.bin");
    await writeFile(path, content);
    return await open(path);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function payloadArguments(accelerator: string, bios: string): string[] {
  const processor = accelerator === "kvm" ? "host" : "max";
  const machine = [
    "-machine",
    "pc",
    "-accel",
    accelerator,
    "-cpu",
    processor,
    "-m",
    "16",
    "-nodefaults",
    "-no-user-config",
  ];
  return [...machine, "-display", "none", "-bios", bios, "-device", "isa-debug-exit,iobase=0xf4,iosize=4"];
}

/** QEMU's exit code is the answer; anything else, a crash of QEMU included, is a refusal. */
function judge(error: CommandError, cutAfterMs: number | undefined): Omit<ProbeResult, "durationMs"> {
  const complaint = error.stderrTail.trim().split("\n")[0] ?? "";
  if (error.exitCode === payloadExitCode && !complaint.includes("KVM internal error")) {
    return { usable: true, reason: "a 64-bit test guest ran to its end" };
  }
  if (error.exitCode === null && cutAfterMs !== undefined) {
    return { usable: false, reason: `a 64-bit test guest did not come to its end within ${cutAfterMs} ms` };
  }
  const how = error.exitCode === null ? "crashed" : `exit ${error.exitCode}`;
  return { usable: false, reason: `QEMU could not run a 64-bit test guest (${how}): ${complaint}` };
}
