/** The sessions: what they contain, how they begin, how long they live, and how they end. */
import { Clock, Duration, Effect, Option, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { Atomic, Collection } from "effect-kv"

/** A session ends after this time without a request. */
const idle = Duration.minutes(30)

/** A session ends after this time in any case. */
const longest = Duration.hours(12)

export interface Session extends Schema.Schema.Type<typeof Session> {}
export const Session = Schema.Struct({ user: Schema.String, began: Schema.Date, generation: Schema.Int })

/** With `onInvalid: "miss"`, sessions of an older schema end, and their users sign in again. */
export class Sessions extends Collection.Service<Sessions>()("sessions", {
  schema: Session,
  ttl: idle,
  onInvalid: "miss",
  capabilities: [Atomic.Atomic]
}) {}

/** How often each user has signed out everywhere. A session of an earlier generation is not valid. */
export class Generations extends Collection.Service<Generations>()("generations", {
  schema: Schema.Int,
  capabilities: [Atomic.Atomic]
}) {}

export const generationOf = (user: string) => Generations.use((generations) => generations.getOrElse(user, () => 0))

/** Only such ids are looked up. A request without the cookie has the id `""`. */
const isId = (id: string) => /^[\w-]{43}$/.test(id)

/** A new session always has a new id. */
export const begin = Effect.fnUntraced(function* (user: string, generation: number) {
  const sessions = yield* Sessions
  const id = Base64Url.encode(crypto.getRandomValues(new Uint8Array(32)))
  const now = yield* Clock.currentTimeMillis
  yield* sessions.put(id, { user, began: new Date(now), generation })
  return id
})

/** Returns the valid session with this id, and renews it if it has been idle for a while. */
export const find = Effect.fnUntraced(
  function* (id: string) {
    if (!isId(id)) return Option.none<Session>()
    const sessions = yield* Sessions
    const found = Option.getOrUndefined(yield* sessions.ttl(id))
    if (found?.ttl === undefined) return Option.none<Session>()
    const { value: session, ttl } = found
    if (session.generation !== (yield* generationOf(session.user))) return Option.none<Session>()
    const age = Duration.millis((yield* Clock.currentTimeMillis) - session.began.getTime())
    const left = Duration.subtract(longest, age)
    if (!Duration.isPositive(left)) return Option.none<Session>()
    if (Duration.isLessThan(ttl, Duration.divideUnsafe(idle, 2))) {
      // The session was found. If it cannot be renewed now, a later request renews it.
      const renewed = sessions.touch(id, { ttl: Duration.min(idle, left) })
      yield* Effect.catch(renewed, (error) => Effect.logWarning(error.message))
    }
    return Option.some(session)
  },
  // Somebody has changed the stored session, or its encryption key is gone. Messages contain no ids.
  Effect.catchTag(["DecryptionError", "DecompressionError", "DeserializationError"], (error) =>
    Effect.as(Effect.logWarning(error.message), Option.none<Session>())
  )
)

export const end = (id: string) => Sessions.use((sessions) => (isId(id) ? sessions.delete(id) : Effect.succeed(false)))

/** Ends all sessions of a user at once, also those that are being started. */
export const endAll = (user: string) =>
  Generations.use((generations) =>
    generations.update(user, (generation) => Option.some(Option.getOrElse(generation, () => 0) + 1))
  )
