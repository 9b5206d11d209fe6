/** What a web server has there, without the blanks around it; undefined when it does not answer in time, or with a failure. */
export async function fetchText(url: string, timeoutMs = 10_000): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    return answer.ok ? (await answer.text()).trim() : undefined;
  } catch {
    return undefined; // not yet, or cut off: whoever asks looks again
  }
}
