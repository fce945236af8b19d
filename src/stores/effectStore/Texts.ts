import * as Effect from "effect/Effect"
import type { KeyValueStore, KeyValueStoreError } from "effect/persistence/KeyValueStore"
import * as Result from "effect/Result"
import { Lanes } from "../../concurrency/Lanes.ts"
import type { Entry } from "../../Entry.ts"
import { hasExpired } from "../common/hasExpired.ts"
import type { Name } from "./names.ts"
import * as text from "./text.ts"

/**
 * The entries of a `KeyValueStore`. Writes of one name run one after another, so that a removal removes the entry that
 * it has read. This holds only within a process.
 */
export class Texts {
  readonly store: KeyValueStore
  private readonly lanes: Lanes

  constructor(store: KeyValueStore) {
    this.store = store
    this.lanes = lanesOf(store)
  }

  /** Returns the entry, or the reason why it cannot be read. */
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

  /** Removes the text of a name. Returns whether there was one that had not expired. */
  remove(name: Name, onRemoved: Effect.Effect<void>): Effect.Effect<boolean, KeyValueStoreError> {
    const step = Effect.flatMap(this.read(name), (found) => {
      if (found === undefined) return Effect.succeed(false)
      return this.removeNow(name, onRemoved, Result.isFailure(found) ? Effect.succeed(true) : isLive(found.success))
    })
    return this.lanes.run([name.name], step)
  }

  /** Removes and returns the entry if it is selected, and if effect-kv wrote it. */
  removeIf(
    name: Name,
    isSelected: (entry: Entry) => Effect.Effect<boolean>,
    onRemoved: Effect.Effect<void>
  ): Effect.Effect<Entry | undefined, KeyValueStoreError> {
    const step = Effect.flatMap(this.ownEntry(name), (entry) =>
      entry === undefined
        ? Effect.undefined
        : Effect.flatMap(isSelected(entry), (selected) =>
            selected ? this.removeNow(name, onRemoved, Effect.succeed(entry)) : Effect.undefined
          )
    )
    return this.lanes.run([name.name], step)
  }

  /** Returns whether there is an entry that effect-kv wrote and that has not expired. */
  isLive(name: Name): Effect.Effect<boolean, KeyValueStoreError> {
    return Effect.flatMap(this.ownEntry(name), (entry) => (entry === undefined ? Effect.succeed(false) : isLive(entry)))
  }

  /** Returns the entry, unless its text contains another collection or key. Then another program wrote it. */
  private ownEntry({ name, collection, key }: Name): Effect.Effect<Entry | undefined, KeyValueStoreError> {
    return Effect.map(this.store.get(name), (stored) => {
      const found = stored === undefined ? undefined : Result.getOrUndefined(text.decode(stored))
      return found?.collection === collection && found.key === key ? found.entry : undefined
    })
  }

  private removeNow<A>({ name }: Name, onRemoved: Effect.Effect<void>, result: Effect.Effect<A>) {
    return this.store.remove(name).pipe(Effect.andThen(onRemoved), Effect.andThen(result))
  }
}

/** Returns the lanes that all layers over the same store share. */
const lanesOf = (store: KeyValueStore): Lanes => {
  const lanes = allLanes.get(store) ?? new Lanes()
  allLanes.set(store, lanes)
  return lanes
}

const allLanes = new WeakMap<KeyValueStore, Lanes>()

const isLive = (entry: Entry): Effect.Effect<boolean> => Effect.map(hasExpired(entry), (expired) => !expired)
