/**
 * The RDS API over real PostgreSQL servers on loopback: a double for machines without AWS, reached by `AWS_ENDPOINT_URL_RDS`.
 * What it must not do: answer what the real API would not. `conformance.test.ts` holds it to the API's model and to recorded answers.
 */
export { byHand, type Clock, type HandClock, scaled } from "./clock.ts";
export { type LocalAws, type Rds, type RdsOptions, rdsDouble } from "./double.ts";
export { doubled, type Fate, late, lost, onTime, type RdsEvent } from "./events.ts";
