/**
 * Lets the process end when it is to. As Node exits it waits for its background threads; one that compiles may wait for room in the heap,
 * which the main thread, waiting, does not make any more (nodejs/node#54918). To be imported first. Why: docs/decisions/0043.
 */
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--no-concurrent-sparkplug");
