/** The kinds of the `batch` group. */
import type * as models from "kubernetes-models/batch/v1";
import type { Kind, Resource } from "./meta.ts";

export interface Job extends Kind<models.IJob> {}
export interface CronJob extends Kind<models.ICronJob> {}

export type JobSpec = models.IJobSpec;
export type JobStatus = models.IJobStatus;
export type JobCondition = models.IJobCondition;

export const jobs: Resource<Job> = { group: "batch", version: "v1", plural: "jobs", kind: "Job", namespaced: true };
export const cronJobs: Resource<CronJob> = {
  group: "batch",
  version: "v1",
  plural: "cronjobs",
  kind: "CronJob",
  namespaced: true,
};
