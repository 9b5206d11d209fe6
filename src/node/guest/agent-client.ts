/** What we need of a connection to a guest's agent. */
export interface AgentClient {
  /** @throws QmpError when the agent refuses, QmpTimeout when it does not answer */
  execute(command: string, args?: Record<string, unknown>, options?: { timeoutMs?: number }): Promise<unknown>;
}
