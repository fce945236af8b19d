import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/testing/TestClock"
import { Redis as Client, type RedisOptions } from "ioredis"
import * as Calls from "../../../src/driver/Calls.ts"
import * as KeyValue from "../../../src/KeyValue.ts"

let stores = 0

/** A prefix that no other test has. */
export const uniquePrefix = (): string => `test-${process.pid}-${Math.random().toString(36).slice(2)}-${++stores}:`

/** A client for the test itself, closed with the scope. */
export const connect = (url: string, options: RedisOptions = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => new Client(url, options as RedisOptions & { replyMapping?: "legacy" })),
    (client) => Effect.promise(() => client.quit())
  )

/** Repeats an effect every 20 milliseconds until its result is right, for up to 10 seconds. */
export const eventually = <A, E, R>(effect: Effect.Effect<A, E, R>, isRight: (result: A) => boolean) =>
  effect.pipe(
    Effect.repeat({ until: isRight, schedule: Schedule.spaced("20 millis") }),
    Effect.timeout("40 seconds"),
    Effect.orDie
  )

/** A page of 1,000 keys of a collection, as the driver lists them. */
export const pageOf = (collection: string) => (cursor: unknown) =>
  Effect.flatMap(KeyValue.KeyValue, ({ driver }) =>
    driver.listing!.keys(Calls.keys({ operation: "keys", collection, keys: [] }, { cursor }))
  )

/** Lets time pass for the clock, and for the entries with a prefix on the given servers. */
export const advance =
  (urls: ReadonlyArray<string>, prefix: string) =>
  (duration: Duration.Input): Effect.Effect<void> =>
    Effect.andThen(
      Effect.forEach(urls, (url) => age(url, prefix, Math.round(Duration.toMillis(duration))), { discard: true }),
      TestClock.adjust(duration)
    )

const age = (url: string, prefix: string, millis: number) =>
  Effect.scoped(
    Effect.flatMap(connect(url), (client) => Effect.promise(() => client.eval(older, 0, `${prefix}*`, millis)))
  )

/** Subtracts the time from the TTL of each key. */
const older = `
for _, name in ipairs(redis.call("KEYS", ARGV[1])) do
  local left = redis.call("PTTL", name)
  if left >= 0 then redis.call("PEXPIRE", name, left - ARGV[2]) end
end
`
