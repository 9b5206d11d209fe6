/**
 * What the agent remembers of a virtual machine between looks: only what can be lost without harm, because it is
 * read again (network, guest), told again (failure) or mere detail, never what decides whether a guest is started.
 */
import type { CredentialAttempt } from "../credentials/observe.ts";
import type { StartTrace } from "../../../api/kubevirt/start-trace.ts";
import { netdevId } from "../../qemu/domain/ids.ts";
import type { GuestReport } from "../guest/guest-report.ts";
import type { LinkState } from "./links.ts";
import type { DumpRefusal } from "../memory-dump/observe.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import type { Observation } from "./observation.ts";
import { linkedInterfaces, listeningInterfaces } from "./plug-nics.ts";

export interface DomainRecord {
  /** Of the QEMU and the interfaces whose network was set up and checked by this agent: `networkKey`. */
  networkOf: string | undefined;
  /** When a device of the running guest's was plugged or unplugged last. */
  pluggedMs: number;
  /** How often QEMU has told that what carried its packets is gone. */
  networkBreaks: number;
  /** When the guest was asked last to let go of a device, by id. */
  unplugAskedMs: Map<string, number>;
  failure: string | undefined;
  /** Of the guest's panic: nobody tells it twice. */
  panicDetails: string | undefined;
  guest: GuestReport | undefined;
  links: Map<string, LinkState>;
  /** What the guest's agent has put to use; see desired-capacity.ts. */
  broughtOnline: string | undefined;
  onlineAsked: string | undefined;
  /** When the guest's agent was asked last; 0: it has news. */
  guestAskedMs: number;
  /** The last time that the guest was given its credentials. */
  credentials: CredentialAttempt | undefined;
  /** When the guest reset itself, newest last. */
  resetsMs: number[];
  /** How often its kernel panicked. */
  panics: number;
  /** That QEMU did not begin to dump the guest's memory, and for whom. */
  dumpRefusal: DumpRefusal | undefined;
  /** What was seen of its start. */
  start: StartTrace;
}

export interface DomainRecords {
  of(uid: string): DomainRecord;
  forget(uid: string): void;
}

export function createDomainRecords(): DomainRecords {
  const records = new Map<string, DomainRecord>();
  return {
    of(uid) {
      const record = records.get(uid) ?? {
        networkOf: undefined,
        pluggedMs: 0,
        networkBreaks: 0,
        unplugAskedMs: new Map(),
        failure: undefined,
        panicDetails: undefined,
        guest: undefined,
        links: new Map(),
        broughtOnline: undefined,
        onlineAsked: undefined,
        guestAskedMs: 0,
        credentials: undefined,
        resetsMs: [],
        panics: 0,
        dumpRefusal: undefined,
        start: {},
      };
      records.set(uid, record);
      return record;
    },
    forget: (uid) => void records.delete(uid),
  };
}

/** Changes when an interface has come, or the guest has let go of one, and when QEMU listens for passt. */
export function networkKey({ pid }: QemuProcess, observation: Pick<Observation, "vmi" | "machine">): string {
  return [pid, ...linkedInterfaces(observation), ...listeningInterfaces(observation).map(netdevId)].join(" ");
}
