import { type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { Clock } from "./clock.ts";
import { lasts } from "./clock.ts";
import { arn, type ArnKind, type Place } from "./names.ts";

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-cloudwatch-events.html */
export type RdsEvent = {
  /** EventBridge's detail-type. */
  readonly type: string;
  readonly resource: string;
  readonly region: string;
  readonly detail: {
    readonly EventCategories: readonly string[];
    readonly SourceType: string;
    readonly SourceArn: string;
    readonly Date: string;
    readonly Message: string;
    readonly SourceIdentifier: string;
    readonly EventID: string;
    readonly Tags: Readonly<Record<string, string>>;
  };
};
/** What happens to an event on its way: when each of its deliveries comes, in milliseconds of RDS's time. None: it is lost. */
export type Fate = (event: RdsEvent) => readonly number[];

export type Happening = {
  id: string;
  type: string;
  source: string;
  categories: readonly string[];
  message: string;
  place: Place;
  kind: ArnKind;
  name: string;
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[];
};
export type Events = {
  fate: Fate;
  /** Milliseconds of RDS's time between the event that a snapshot is created and the first description that shows it as available. */
  ahead: number;
  /** All that happened, delivered or not, oldest first. */
  readonly happened: RdsEvent[];
  tell(what: Happening): void;
};

/** On time and once. */
export const onTime: Fate = () => [lasts.delivering];
export const lost: Fate = () => [];
export const doubled: Fate = () => [lasts.delivering, lasts.delivering * 2];
export const late: Fate = () => [6 * 60 * 60_000];

type Way = {
  clock: Clock;
  over: AbortSignal;
  client: ((region: string) => EventBridgeClient) | undefined;
  goOn(work: Promise<void>): void;
};

/** Puts what happens on the default bus of its region. Without a client it is remembered and told to nobody. */
export function tellEvents({ clock, over, client, goOn }: Way): Events {
  const events: Events = {
    fate: onTime,
    ahead: 0,
    happened: [],
    tell(what) {
      const event = written(what, clock.now());
      events.happened.push(event);
      if (client) for (const ms of events.fate(event)) goOn(clock.pass(ms, over).then(() => put(client(event.region), event)));
    },
  };
  return events;
}

function written({ id, type, source, categories, message, place, kind, name, tags }: Happening, now: Date): RdsEvent {
  const SourceArn = arn(place, kind, name);
  const Tags = Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
  const detail = { EventCategories: categories, SourceType: source, SourceArn, Date: now.toISOString(), Message: message, Tags };
  return { type, resource: SourceArn, region: place.region, detail: { ...detail, SourceIdentifier: name, EventID: id } };
}

async function put(client: EventBridgeClient, { type, resource, detail }: RdsEvent): Promise<void> {
  const entry = { Source: "aws.rds", DetailType: type, Resources: [resource], Detail: JSON.stringify(detail), Time: new Date(detail.Date) };
  const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  const refused = Entries.find(({ ErrorCode }) => ErrorCode);
  if (refused) throw new Error(`the bus would not take an event of RDS: ${refused.ErrorCode} ${refused.ErrorMessage}`);
}
