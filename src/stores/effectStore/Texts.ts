import * as Effect from "effect/Effect"
import type { KeyValueStore, KeyValueStoreError } from "effect/persistence/KeyValueStore"
import * as Result from "effect/Result"
import { Lanes } from "../../concurrency/Lanes.ts"
import type { Entry } from "../../Entry.ts"
import { hasExpired } from "../common/hasExpired.ts"
import type { Name } from "./names.ts"
import * as text from "./text.ts"

/**
 * The entries behind the names of a `KeyValueStore`. Writes to one name take turns, so that what is removed within this
 * process is what was looked at.
 */
export class Texts {
  readonly store: KeyValueStore
  private readonly lanes: Lanes

  constructor(store: KeyValueStore) {
    this.store = store
    this.lanes = lanesOf(store)
  }

  /** Why it cannot be read, if so. */
  read({ name }: Name): Effect.Effect<Result.Result<Entry, string> | undefined, KeyValueStoreError> {
    return Effect.map(this.store.get(name), (stored) =>
      stored === undefined ? undefined : Result.map(text.decode(stored), ({ entry }) => entry)
    )
  }

  write({ name, collection, key }: Name, entry: Entry): Effect.Effect<void, KeyValueStoreError> {
    return this.lanes.run(
      [name],
      Effect.suspend(() => this.store.set(name, text.encode(collection, key, entry)))
    )
  }

  /** Removes whatever is there, and answers whether it was something that had not expired. */
  remove(name: Name, onRemoved: Effect.Effect<void>): Effect.Effect<boolean, KeyValueStoreError> {
    const step = Effect.flatMap(this.read(name), (found) => {
      if (found === undefined) return Effect.succeed(false)
      return this.removeNow(name, onRemoved, Result.isFailure(found) ? Effect.succeed(true) : isLive(found.success))
    })
    return this.lanes.run([name.name], step)
  }

  /** Removes an entry of ours if `isRight` says so of it, and answers what `answer` makes of it. */
  removeIf(
    name: Name,
    isRight: (entry: Entry) => Effect.Effect<boolean>,
    onRemoved: Effect.Effect<void>
  ): Effect.Effect<Entry | undefined, KeyValueStoreError> {
    const step = Effect.flatMap(this.ours(name), (entry) =>
      entry === undefined
        ? Effect.undefined
        : Effect.flatMap(isRight(entry), (right) =>
            right ? this.removeNow(name, onRemoved, Effect.succeed(entry)) : Effect.undefined
          )
    )
    return this.lanes.run([name.name], step)
  }

  /** Is there an entry of ours that has not expired? */
  isLive(name: Name): Effect.Effect<boolean, KeyValueStoreError> {
    return Effect.flatMap(this.ours(name), (entry) => (entry === undefined ? Effect.succeed(false) : isLive(entry)))
  }

  /** What others store under a name like ours does not say so of itself. */
  private ours({ name, collection, key }: Name): Effect.Effect<Entry | undefined, KeyValueStoreError> {
    return Effect.map(this.store.get(name), (stored) => {
      const found = stored === undefined ? undefined : Result.getOrUndefined(text.decode(stored))
      return found?.collection === collection && found.key === key ? found.entry : undefined
    })
  }

  private removeNow<A>({ name }: Name, onRemoved: Effect.Effect<void>, answer: Effect.Effect<A>) {
    return this.store.remove(name).pipe(Effect.andThen(onRemoved), Effect.andThen(answer))
  }
}

/** Layers over the same store take turns with each other, too. */
const lanesOf = (store: KeyValueStore): Lanes => {
  const lanes = allLanes.get(store) ?? new Lanes()
  allLanes.set(store, lanes)
  return lanes
}

const allLanes = new WeakMap<KeyValueStore, Lanes>()

const isLive = (entry: Entry): Effect.Effect<boolean> => Effect.map(hasExpired(entry), (expired) => !expired)
