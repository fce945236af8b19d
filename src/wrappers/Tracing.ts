/**
 * Creates a span for every operation.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { TracerTimingEnabled } from "effect/References"
import type * as Tracer from "effect/Tracer"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import { around, type Filter } from "../driver/around.ts"
import { type Call, collectionOf, keyCount } from "../driver/Call.ts"
import * as options from "../driver/options.ts"
import { errorOf } from "../driver/outcome.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import * as telemetry from "../telemetry/attributes.ts"
import { isTraced } from "../telemetry/isTraced.ts"
import { shownName } from "../value/oneLine.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Name of this store, the attribute `db.namespace` of its spans. Default: none. */
  readonly store?: string | undefined
  /**
   * How collections are named in spans: by their names (`true`), not at all (`false`), or by the result of a function.
   * If the function throws or returns no text, the name is `"_OTHER"`. Default: true.
   */
  readonly collectionLabel?: boolean | ((collection: string) => string | undefined) | undefined
  /** Whether to record keys as `effect_kv.keys`: the first 5 of a batch, up to 256 characters each. Default: false. */
  readonly recordKeys?: boolean | undefined
}

/**
 * Creates a span for every operation, according to OpenTelemetry's conventions for databases.
 *
 * **When to use**
 *
 * Use it outside `Retry` for a span that covers all attempts, inside `Retry` for a span of each attempt, or both.
 *
 * **Details**
 *
 * - The name is `{operation} {collection}`, such as `get users`, and the kind is `client`. The names of spans contain at most
 *   1,000 different collections. Further collections appear as `_OTHER`, but keep their name in `db.collection.name`.
 * - The attributes are `db.system.name`, `db.operation.name`, `db.collection.name` and `db.namespace`. Batches of two or more
 *   keys also have `db.operation.batch.size`. Failures have `error.type`: the error's tag, `"Interrupted"` or `"Defect"`.
 * - The span is the parent of spans inside it, such as those of attempts or of a client library.
 *
 * An error is recorded by its tag and the code of its cause, such as `ECONNREFUSED`. Values and error messages are not
 * recorded, because messages may quote keys and values. A defect is recorded in full.
 *
 * Without a tracer (`Tracer.Tracer`, which OpenTelemetry layers provide), no spans are created, and the cost is negligible.
 *
 * **Errors**
 *
 * Adds no errors to operations. Fails to build with `StoreSetupError` when an option is not valid.
 *
 * **Example**
 *
 * ```ts
 * import { Retry, Timeout, Tracing } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Timeout.wrap("1 second"),
 *   Tracing.wrap({ store: "sessions" }), // a span for each attempt
 *   Retry.wrap()
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options = {}): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.map(described.read(config), (config) => (driver) => around(tracing(config, driver.system))(driver))
  )

/** @internal */
export const described = options.of<Options>()("Tracing", {
  store: options.text(),
  collectionLabel: telemetry.collectionLabel,
  recordKeys: options.boolean({ default: false })
})

type Config = options.Values<typeof described>

const tracing = (options: Config, system: string): Filter => {
  const named = new Set<string>()
  return (call, next) =>
    Effect.withFiber((fiber) => {
      if (!isTraced(fiber)) return next(call)
      const collection = telemetry.shownLabelOf(options.collectionLabel, collectionOf(call))
      const attributes = {
        ...telemetry.attributesOf(system, options.store, call.place.operation, collection),
        ...ofKeys(options, call)
      }
      return Effect.useSpan(nameOf(options, call, capped(named, collection)), { kind: "client", attributes }, (span) =>
        Effect.onExitPrimitive(
          Effect.withParentSpan(
            Effect.suspend(() => next(call)),
            span,
            { captureStackTrace: false }
          ),
          (exit) => end(span, exit)
        )
      )
    })
}

/** How many different collections the names of spans contain. */
const maxNamed = 1000

const capped = (named: Set<string>, collection: string | undefined): string | undefined => {
  if (collection === undefined || named.has(collection)) return collection
  if (named.size >= maxNamed) return telemetry.other
  named.add(collection)
  return collection
}

const nameOf = (options: Config, call: Call, collection: string | undefined): string =>
  [call.place.operation, collection ?? options.store].filter((part) => part !== undefined).join(" ")

const ofKeys = (options: Config, call: Call): Record<string, unknown> => ({
  ...(keyCount(call) > 1 && { "db.operation.batch.size": keyCount(call) }),
  ...(options.recordKeys && "keys" in call && { "effect_kv.keys": call.keys.slice(0, 5).map(shownName) })
})

/** Ends the span before `useSpan` ends it, because `useSpan` would record the value or the error's message. */
const end = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.withFiberSucceed((fiber) => {
    const recorded = Exit.isSuccess(exit) ? Exit.void : recordedOf(exit.cause)
    if (Exit.isFailure(exit)) span.attribute("error.type", telemetry.errorType(exit.cause))
    span.end(fiber.getRef(TracerTimingEnabled) ? fiber.getRef(Clock.Clock).currentTimeNanosUnsafe() : 0n, recorded)
  })

const recordedOf = (cause: Cause.Cause<unknown>): Exit.Exit<never, unknown> => {
  const error = errorOf(cause)
  return error === undefined
    ? Exit.failCause(cause)
    : Exit.fail({ name: error._tag, message: telemetry.codeOf(error) ?? error._tag })
}
