import type { ApiResponse } from "../../api/admission.ts";

/**
 * Calls the listener when whoever is answered has gone, or the answer is over; at once when that has happened already: nothing tells of it any
 * more then, and whoever waits for the event waits for ever.
 */
export function onClosed(response: ApiResponse, listener: () => void): void {
  const { destroyed } = "stream" in response ? response.stream : response;
  if (destroyed) listener();
  else response.once("close", listener);
}
