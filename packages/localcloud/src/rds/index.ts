/**
 * The RDS API over real PostgreSQL servers on loopback, for machines without AWS: reached by `AWS_ENDPOINT_URL_RDS`.
 *
 * Words: an instance or a cluster is a database; its volume is its data; its door is what listens at its endpoint; a knob is what a test
 * or a demo does to it from outside the API. Times are real ones, because PostgreSQL's are; how long a state lasts is scaled.
 *
 * What it must not do is answer what the real API would not: `conformance.services.test.ts` holds it to the API's model and to recorded
 * answers, a parameter that it does not know is an error, and so is a policy that it cannot evaluate.
 *
 * How it differs from RDS:
 * - Instances of engines other than PostgreSQL are records: states and snapshots without data.
 * - All endpoints are 127.0.0.1; a port that is taken becomes another. Every version on offer is served by the pinned PostgreSQL 17.
 * - A cluster's server is one, behind the writer's and the reader's endpoint, and goes on when its last instance is deleted.
 * - Changes are applied at once. Automated backups are taken at creation and when a knob asks, and go with what they are of.
 * - Copies share files with their source, which nobody writes any more.
 * - Groups, networks and parameters are names only. There are no exports, replicas, proxies, blue-green deployments or global clusters.
 * - Who is root, or may do everything, is not asked; permission boundaries, groups of users and policy variables are refused.
 */
export { byHand, type Clock, type HandClock, scaled } from "./clock.ts";
export { type Demanded, type LocalAws, type Rds, type RdsOptions, rdsDouble } from "./double.ts";
export { doubled, type Fate, late, lost, onTime, type RdsEvent } from "./events.ts";
