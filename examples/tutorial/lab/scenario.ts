/** What happens in a run: the load, the faults of the database, and an outage of Redis. */
import { Schema } from "effect"

export interface Scenario {
  readonly seconds: number
  readonly requestsPerSecond: number
  readonly products: number
  /** The fraction of the requests that ask for product 1. */
  readonly hot: number
  /** How long a query takes on average, in milliseconds. */
  readonly query: number
  /** How many queries the database runs at a time. Others wait. */
  readonly connections: number
  /** The fraction of queries that fail although the database is up. */
  readonly failing: number
  /** When queries take ten times as long. */
  readonly slow: Span
  /** When every query fails. */
  readonly down: Span
  /** When a new process takes over from the second process. */
  readonly handover: number
  readonly seed: string
}

/** Redis stops answering, then its process dies, then an empty Redis starts. */
export interface Outage {
  readonly silent: number
  readonly dead: number
  readonly back: number
}

/** In seconds since the start. */
export type Span = readonly [from: number, to: number]

export const standard: Scenario = {
  seconds: 20,
  requestsPerSecond: 250,
  products: 50,
  hot: 0.5,
  query: 40,
  connections: 16,
  failing: 0.01,
  slow: [3, 6],
  down: [8, 12],
  handover: 10,
  seed: "tutorial"
}

export const outage: Outage = { silent: 14, dead: 15.5, back: 17 }

export const isWithin = ([from, to]: Span, second: number): boolean => second >= from && second < to

/** The requests that one of several processes gets. */
export const Share = Schema.Struct({
  /** Requests are dealt in turns to two parts, 0 and 1. */
  part: Schema.Finite,
  /** When the process takes requests, in seconds. */
  from: Schema.Finite,
  to: Schema.Finite
})

/** Two processes share the requests. One of them is replaced by a new process. */
export const sharesOf = ({ seconds, handover }: Scenario): ReadonlyArray<typeof Share.Type> => [
  { part: 0, from: 0, to: seconds },
  { part: 1, from: 0, to: handover },
  { part: 1, from: handover, to: seconds }
]
