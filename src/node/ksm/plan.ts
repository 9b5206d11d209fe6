/**
 * When this node's kernel looks for pages that are the same in several guests, and how hard. Pure.
 *
 *   selected, memory scarce   on; searches more from look to look
 *   selected, memory plenty   searches less from look to look, then off
 *   not selected              off
 *
 * Only what this agent has turned on is tuned and turned off; the Node's annotation remembers that, and is written before the kernel is
 * told, so that an agent which is killed in between owns too much rather than too little. What the node's owner has turned on stays.
 */
import type { Node } from "../../../api/core.ts";
import { annotations, labels } from "../../../api/kubevirt/names.ts";
import type { MetadataPatch } from "../announcement/node-labels.ts";
import type { Tuning } from "./tuning.ts";

export interface KsmState {
  running: boolean;
  /** How many pages the kernel searches, then sleeps. */
  pages: number;
  sleepMs: number;
}

export interface MemoryLevel {
  totalKib: number;
  availableKib: number;
}

export interface KsmObservation {
  node: Node;
  /** The configuration names this node. */
  isSelected: boolean;
  tuning: Tuning;
  /** Undefined: the kernel was built without. */
  kernel: KsmState | undefined;
  memory: MemoryLevel;
  /** Enough time has passed for another step. */
  isDue: boolean;
}

export type KsmAction = { type: "mark"; name: string; metadata: MetadataPatch } | { type: "tune"; state: KsmState };

export function planKsm(observation: KsmObservation): KsmAction[] {
  const { node, isSelected, kernel } = observation;
  if (kernel === undefined || !isSelected) {
    const off: KsmAction[] = kernel?.running && isOurs(node) ? [tune({ ...kernel, running: false })] : [];
    return [...off, ...mark(node, { isEnabled: false, isManaged: false })];
  }
  if (kernel.running && !isOurs(node)) return mark(node, { isEnabled: true, isManaged: false });
  const state = nextState(kernel, observation);
  if (state === undefined) return mark(node, { isEnabled: true, isManaged: kernel.running });
  const marks = mark(node, { isEnabled: true, isManaged: state.running });
  return state.running ? [...marks, tune(state)] : [tune(state), ...marks];
}

function isOurs({ metadata }: Node): boolean {
  return metadata?.annotations?.[annotations.ksmManaged] === "true";
}

const tune = (state: KsmState): KsmAction => ({ type: "tune", state });

/** Undefined: it stays as it is. */
function nextState(kernel: KsmState, { tuning, memory, isDue }: KsmObservation): KsmState | undefined {
  const isScarce = memory.availableKib <= memory.totalKib * tuning.freePercent;
  const sleepMs = sleepFor(memory, tuning);
  if (!kernel.running) return isScarce ? { running: true, pages: tuning.pagesInit, sleepMs } : undefined;
  if (!isDue) return undefined;
  if (isScarce) return { running: true, pages: Math.min(kernel.pages + tuning.pagesBoost, tuning.pagesMax), sleepMs };
  const fewer = kernel.pages + tuning.pagesDecay;
  return fewer < tuning.pagesMin
    ? { running: false, pages: tuning.pagesMin, sleepMs }
    : { running: true, pages: fewer, sleepMs };
}

const baselineKib = 16 * 1024 ** 2;

function sleepFor({ totalKib, availableKib }: MemoryLevel, { sleepMsBaseline }: Tuning): number {
  const usedKib = Math.max(1, totalKib - availableKib);
  return Math.floor(Math.max((sleepMsBaseline * baselineKib) / usedKib, sleepMsBaseline / 10, 1));
}

function mark({ metadata }: Node, { isEnabled, isManaged }: { isEnabled: boolean; isManaged: boolean }): KsmAction[] {
  const [label, annotation] = [String(isEnabled), String(isManaged)];
  const isSaid =
    metadata?.labels?.[labels.ksmEnabled] === label && metadata.annotations?.[annotations.ksmManaged] === annotation;
  if (isSaid) return [];
  const patch = { labels: { [labels.ksmEnabled]: label }, annotations: { [annotations.ksmManaged]: annotation } };
  return [{ type: "mark", name: metadata?.name ?? "", metadata: patch }];
}
