import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type * as Atomic from "../Atomic.ts"
import { atATime, encode, valueOf, withPlace } from "../driver/boundary.ts"
import * as Calls from "../driver/Calls.ts"
import { type Change, change, isStored } from "../driver/service/change.ts"
import { defaultRetries } from "../driver/service/retries.ts"
import { countsOf, ifDropped, type Outcome } from "../driver/service/rewriting.ts"
import { served } from "../driver/service/served.ts"
import type { Entry } from "../Entry.ts"
import type * as Enumeration from "../Enumeration.ts"
import type { DeserializationError } from "../KeyValueError.ts"
import type { NotUpgraded, UpgradeProgress, UpgradingOperations } from "./capabilityTypes.ts"
import type { Parts } from "./parts.ts"
import { resultsOf } from "./results.ts"

type Upgraded = Outcome<NotUpgraded>

/** Makes the operation that rewrites values of older versions. */
export const upgradingOperations = <A, K, RD, RE>(
  { codec, collection }: Parts<A, K, RD, RE>,
  atomic: Atomic.Service,
  enumeration: Enumeration.Service
): UpgradingOperations<RD, RE> => {
  const { driver } = served(atomic.driver)
  const at = { collection }

  const upgradeOne = (name: string) =>
    withPlace(driver, "upgrade", [name], at, (place) =>
      change(
        driver,
        place,
        { maxRetries: defaultRetries, expiry: true },
        Effect.fnUntraced(function* (current) {
          if (!isStored(current)) return answer("gone")
          const old = yield* codec.decodeOutdated("upgrade", name, valueOf(driver, current))
          if (Option.isNone(old)) return answer("current")
          const value = yield* codec.encode("upgrade", name, old.value)
          const [made] = yield* encode(driver, place, [value], undefined)
          const { createdAt, expiresAt } = current
          const write = { entry: { payload: made!.payload, createdAt, expiresAt }, keepsExpiry: true }
          return { ...answer("rewritten"), write, ifDropped: ifDropped(place) }
        })
      )
    ).pipe(
      Effect.catchTag(
        [
          "DecryptionError",
          "DecompressionError",
          "DeserializationError",
          "SerializationError",
          "EntryTooLargeError",
          "EntryTooSmallError"
        ],
        (error) => Effect.succeed<Upgraded>(error)
      )
    )

  const outcomeOf = (name: string, found: Result.Result<Option.Option<Found<A>>, NotUpgraded>) => {
    if (Result.isFailure(found)) return Effect.succeed<Upgraded>(found.failure)
    if (Option.isNone(found.success)) return Effect.succeed<Upgraded>("current")
    return found.success.value === gone ? Effect.succeed<Upgraded>("gone") : upgradeOne(name)
  }

  /** Reads a page in one batch. The read asks for versions, so that no cache answers with an older value. */
  const look = (names: ReadonlyArray<string>) =>
    resultsOf(
      names,
      (names) => withPlace(driver, "upgrade", names, at, (place) => driver.get(Calls.get(place, { versioned: true }))),
      (name, entry: Entry | undefined): Effect.Effect<Option.Option<Found<A>>, DeserializationError, RD> =>
        !isStored(entry) ? Effect.succeedSome(gone) : codec.decodeOutdated("upgrade", name, valueOf(driver, entry))
    )

  const upgradePage = (names: ReadonlyArray<string>, concurrency: number) =>
    Effect.flatMap(look(names), (found) =>
      Effect.map(
        Effect.forEach(names, (name, i) => outcomeOf(name, found[i]!), { concurrency }),
        (outcomes) => progressOf(collection, outcomes)
      )
    )

  return {
    upgrade: (options = {}) => {
      const pageSize = atATime(options.chunkSize, 1000)
      const concurrency = atATime(options.concurrency, 16)
      return enumeration.keys({ collection, pageSize }).pipe(
        Stream.grouped(pageSize),
        Stream.mapEffect((names) => upgradePage(names, concurrency))
      )
    }
  }
}

const gone = Symbol("gone")

type Found<A> = A | typeof gone

const answer = (answer: Upgraded): Extract<Change<Upgraded>, { readonly write?: undefined }> => ({ answer })

const progressOf = (collection: string, outcomes: ReadonlyArray<Upgraded>): UpgradeProgress => {
  const { rewritten, ...others } = countsOf(outcomes)
  return { collection, upgraded: rewritten, ...others }
}
