/** Lines of progress with the time since the start, as `vmpod up` writes them. */
export function createProgress(): (message: string) => void {
  const started = performance.now();
  return (message) => console.log(`vmpod: ${((performance.now() - started) / 1000).toFixed(1)} s  ${message}`);
}
