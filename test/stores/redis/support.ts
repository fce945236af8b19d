import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { Redis as Client, type RedisOptions } from "ioredis"

let stores = 0

/** A prefix that no other test has. */
export const uniquePrefix = (): string => `test-${process.pid}-${Math.random().toString(36).slice(2)}-${++stores}:`

/** A client of the test's own, closed with the scope. */
export const connect = (url: string, options: RedisOptions = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => new Client(url, options as RedisOptions & { replyMapping?: "legacy" })),
    (client) => Effect.promise(() => client.quit())
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

/** Takes the time from what each key has left. */
const older = `
for _, name in ipairs(redis.call("KEYS", ARGV[1])) do
  local left = redis.call("PTTL", name)
  if left >= 0 then redis.call("PEXPIRE", name, left - ARGV[2]) end
end
`
