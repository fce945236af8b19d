/**
 * Runs an effect once for each key. Later callers get the stored outcome.
 *
 * @since 0.2.0
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { Atomic } from "./Atomic.ts"
import { jsonCodecOf } from "./collection/codec.ts"
import { withPlace } from "./driver/boundary.ts"
import * as options from "./driver/options.ts"
import type { AtomicDriver } from "./driver/service/change.ts"
import { served } from "./driver/service/served.ts"
import {
  DeserializationError,
  type LeaseLostError,
  type LeaseUnavailableError,
  type Place,
  type ReadError,
  type StoreSetupError,
  type WriteError
} from "./KeyValueError.ts"
import type { Claim, Config } from "./lease/Claim.ts"
import * as keeper from "./lease/keeper.ts"
import { readNote } from "./lease/readNote.ts"
import { tooShort } from "./lease/shortest.ts"
import type { Json } from "./Value.ts"

/**
 * How long and where outcomes are kept.
 *
 * @since 0.2.0
 */
export interface Keeping {
  /** How long the outcome is kept. After that, the effect runs again. */
  readonly ttl: Duration.Input
  /** How long to wait while another caller runs the effect. `"Infinity"` waits for its end. Default: `"30 seconds"`. */
  readonly wait?: Duration.Input | undefined
  /** Collection of the outcomes. Default: `"effect-kv:once"`. */
  readonly collection?: string | undefined
  /**
   * TTL of the lease under which the effect runs, at least 100 milliseconds. It is renewed while the effect runs. If the
   * process dies, another caller runs the effect after this time. Default: `"30 seconds"`.
   */
  readonly lease?: Duration.Input | undefined
}

/**
 * Options of {@link once}.
 *
 * @since 0.2.0
 */
export interface Options<S extends Schema.Constraint, F extends Schema.Constraint = Schema.Never> extends Keeping {
  /** Schema of the success. It is stored as JSON (`Schema.toCodecJson`). */
  readonly success: S
  /** Schema of the errors that are stored, too. Other errors are not stored. Default: no error is stored. */
  readonly error?: F | undefined
}

/** @internal */
export const described = options.of<Keeping>()(
  "Idempotency",
  {
    ttl: options.required(options.ttl()),
    wait: options.duration({ infinite: true, zero: true, default: "30 seconds" }),
    collection: options.collection({ default: "effect-kv:once" }),
    lease: options.ttl({ default: "30 seconds" })
  },
  ({ lease }) => tooShort("lease", lease)
)

/**
 * The errors of {@link once}, in addition to those of the effect.
 *
 * @since 0.2.0
 */
export type OnceError = ReadError | WriteError | LeaseUnavailableError | LeaseLostError | StoreSetupError

/**
 * Runs an effect unless it has run for this key. Returns its stored outcome otherwise.
 *
 * **When to use**
 *
 * Use it for requests that clients or queues repeat, such as a payment with an idempotency key. To cache a value, use
 * `KeyValue.getOrSet`.
 *
 * **Details**
 *
 * - The first caller runs the effect. Callers that come in the meantime, also in other processes, wait for its outcome, up to
 *   `wait`. Then they fail with `LeaseUnavailableError`.
 * - While the store fails before the effect runs, the call tries again until `wait` is over. When the effect has ended, the call
 *   tries to store the outcome for up to `lease`.
 * - A success is stored. An error is stored if it matches the schema `error`. Other errors, defects and interruptions are not
 *   stored, and the next caller runs the effect.
 * - The effect runs under a lease (`Lease.withLease`) that is one entry with the outcome. So the outcome is stored only if the
 *   lease is still held, and there is one outcome for each key. A caller that has lost the lease fails with `LeaseLostError`.
 *
 * **Errors**
 *
 * - `LeaseUnavailableError`: another caller still runs the effect after `wait`.
 * - `LeaseLostError`: the lease was lost while the effect ran. The effect was interrupted.
 * - `DeserializationError`: a stored outcome does not match its schema.
 * - `SerializationError`: the success does not match its schema.
 * - `StoreSetupError`: an option is not valid.
 *
 * **Gotchas**
 *
 * - If the process dies while the effect runs, or before the outcome is stored, another caller runs the effect again. So the
 *   effect runs at least once, and exactly one outcome is stored. Give the key to the systems that the effect calls, too.
 * - The call cannot be interrupted while it stores the outcome, which takes as long as `lease` if the store is down.
 * - If the store rejects the outcome (it is too large, or not JSON), the call fails, and the next caller runs the effect again.
 * - The outcome, and the entry of a running effect, expire by the clock of the store (of this process, for `Memory`, `Sqlite`
 *   and `FileSystem`). If two clocks differ by more than `ttl`, the effect may run twice. A `ttl` far above the differences
 *   between your clocks prevents that.
 * - Choose keys that clients cannot guess, or put the name of the user into the key. Whoever knows a key can read its outcome.
 * - Two calls with the same key must mean the same effect. The effect is not compared.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Idempotency } from "effect-kv"
 *
 * class CardDeclined extends Schema.TaggedError<CardDeclined>()("CardDeclined", {}) {}
 *
 * const Receipt = Schema.Struct({ id: Schema.String, paidAt: Schema.Date })
 *
 * declare const charge: (orderId: string) => Effect.Effect<typeof Receipt.Type, CardDeclined>
 *
 * const pay = (orderId: string) =>
 *   Idempotency.once(`payment:${orderId}`, charge(orderId), { ttl: "1 day", success: Receipt, error: CardDeclined })
 * ```
 *
 * @since 0.2.0
 */
export const once = Effect.fnUntraced(function* <
  S extends Schema.Constraint,
  E,
  R,
  F extends Schema.Constraint = Schema.Never
>(
  key: string,
  effect: Effect.Effect<S["Type"], E, R>,
  options: Options<S, F>
): Effect.fn.Return<
  S["Type"],
  E | F["Type"] | OnceError,
  R | Atomic | S["DecodingServices"] | S["EncodingServices"] | F["DecodingServices"] | F["EncodingServices"]
> {
  const { ttl, wait, collection, lease } = yield* described.read(options)
  const { driver } = served((yield* Atomic).driver)
  const outcomes = outcomesOf(collection, key, options)
  const config = {
    ttl: lease,
    wait,
    forgetAfter: ttl,
    // A holder that dies leaves its entry behind. It must not stay forever if nobody uses the key again.
    forgetHeldAfter: Math.max(ttl, 10 * lease),
    readsNotes: true
  }
  return yield* withPlace(driver, "once", [key], { collection }, (place) =>
    Effect.flatMap(readNote(driver, place, config), (stored) =>
      stored !== undefined ? outcomes.decode(stored) : runOnce(driver, place, config, effect, outcomes)
    )
  )
})

/** Runs the effect under the lease, and leaves its outcome in the entry of the lease. */
const runOnce = <A, E, R, E2, R2>(
  driver: AtomicDriver,
  place: Place,
  config: Config,
  effect: Effect.Effect<A, E, R>,
  { encode, decode }: Outcomes<A, E, E2, R2>
): Effect.Effect<A, E | E2 | OnceError, R | R2> =>
  Effect.scopedWith((scope) =>
    Effect.gen(function* () {
      const { claim, grant } = yield* Effect.provideService(keeper.claim(driver, place, config), Scope.Scope, scope)
      if (grant._tag === "note") return yield* decode(grant.note)
      // Stored in `onExit`, so that an interruption after the end of the effect does not lose its outcome.
      const stored = Effect.onExit(effect, (exit) =>
        Effect.flatMap(encode(exit), (outcome) => (outcome === undefined ? Effect.void : finish(claim, outcome)))
      )
      return yield* Effect.raceFirst(stored, claim.whenLost)
    })
  )

/** Ends the lease with a note. Fails with `LeaseLostError` if the lease is lost before the note is stored. */
const finish = (claim: Claim, note: Json): Effect.Effect<void, OnceError> =>
  Effect.suspend(() => {
    claim.finish(note)
    return Deferred.await(claim.ended)
  })

interface Outcomes<A, E, E2, R2> {
  /** Returns `undefined` for an outcome that is not stored. */
  readonly encode: (exit: Exit.Exit<A, E>) => Effect.Effect<Json | undefined, OnceError, R2>
  readonly decode: (stored: Json) => Effect.Effect<A, E2 | OnceError, R2>
}

/** Encodes outcomes as `{ success: … }` or `{ failure: … }`. */
const outcomesOf = <S extends Schema.Constraint, F extends Schema.Constraint, E>(
  collection: string,
  key: string,
  options: Pick<Options<S, F>, "success" | "error">
): Outcomes<
  S["Type"],
  E,
  F["Type"],
  S["DecodingServices"] | S["EncodingServices"] | F["DecodingServices"] | F["EncodingServices"]
> => {
  const success = jsonCodecOf<S["Type"], string, S["DecodingServices"], S["EncodingServices"]>(collection, {
    schema: options.success
  })
  const error: Schema.Constraint = options.error ?? Schema.Never
  const failure = jsonCodecOf<F["Type"], string, F["DecodingServices"], F["EncodingServices"]>(collection, {
    schema: error
  })
  const matches = Schema.is(error as Schema.Schema<unknown>)
  const invalid = new DeserializationError({
    operation: "once",
    collection,
    keys: [key],
    reason: "it is not an outcome"
  })
  return {
    encode: Effect.fnUntraced(function* (exit) {
      if (Exit.isSuccess(exit)) {
        return { success: (yield* success.encode("once", key, exit.value)) as Json }
      }
      const found = Cause.findErrorOption(exit.cause)
      if (Option.isNone(found) || !matches(found.value)) return undefined
      return { failure: (yield* failure.encode("once", key, found.value)) as Json }
    }),
    decode: Effect.fnUntraced(function* (stored) {
      if (Predicate.hasProperty(stored, "success")) {
        return yield* success.decodeStrictly("once", key, stored.success as Json)
      }
      if (!Predicate.hasProperty(stored, "failure")) return yield* invalid
      return yield* Effect.fail(yield* failure.decodeStrictly("once", key, stored.failure as Json))
    })
  }
}
