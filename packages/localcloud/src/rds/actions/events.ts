import type { Event } from "@aws-sdk/client-rds";
import type { RdsEvent } from "../events.ts";
import { common } from "../faults.ts";
import type { Action } from "../home.ts";
import { filtered, paged } from "../list.ts";

/** How EventBridge and DescribeEvents call the same source. */
const TYPES: Readonly<Record<string, NonNullable<Event["SourceType"]>>> = {
  DB_INSTANCE: "db-instance",
  CLUSTER: "db-cluster",
  SNAPSHOT: "db-snapshot",
  CLUSTER_SNAPSHOT: "db-cluster-snapshot",
};
const HOUR_OF_MINUTES = 60;

/** What happened here, also what the bus never heard of. Without times: the last hour. */
export const DescribeEvents: Action = ({ form, region, home }) => {
  const type = form.text("SourceType");
  const source = form.text("SourceIdentifier");
  if (source && !type) throw common.InvalidParameterCombination("SourceType must be specified when SourceIdentifier is.");
  const minutes = form.number("Duration") ?? HOUR_OF_MINUTES;
  const end = form.time("EndTime") ?? home.clock.now();
  const start = form.time("StartTime") ?? new Date(end.getTime() - minutes * 60_000);
  const categories = form.texts("EventCategories", "EventCategory");
  const fits = ({ region: where, detail }: RdsEvent, date: Date) =>
    where === region.place.region &&
    detail.SourceArn.split(":")[4] === region.place.account &&
    (!type || TYPES[detail.SourceType] === type) &&
    (!source || detail.SourceIdentifier === source.toLowerCase()) &&
    (!categories || detail.EventCategories.some((category) => categories.includes(category))) &&
    date >= start &&
    date <= end;
  const found = home.events.happened.filter((event) => fits(event, new Date(event.detail.Date)));
  const kept = filtered(form, found, {}).map((event, at) => ({ event, name: String(at).padStart(9, "0") }));
  const { page, Marker } = paged(form, kept, ({ name }) => name);
  return { Marker, Events: page.map(({ event: { detail } }) => described(detail)) };
};

function described({ SourceIdentifier, SourceType, Message, EventCategories, Date: date, SourceArn }: RdsEvent["detail"]): Event {
  return {
    SourceIdentifier,
    SourceType: TYPES[SourceType],
    Message,
    EventCategories: [...EventCategories],
    Date: new Date(date),
    SourceArn,
  };
}
