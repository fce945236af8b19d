import * as Effect from "effect/Effect"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import * as Entry from "../../Entry.ts"
import { SingleFlight } from "../../internal/SingleFlight.ts"
import type { ReadError } from "../../KeyValueError.ts"
import type { Copies, Found } from "./Copies.ts"

/**
 * Reads through copies of a far store, under rules that keep them from answering what is no longer true:
 *
 * - A fill asks the far store once for all who want the key at that moment.
 * - A write drops the fills of its keys: what they read may be older than the write, so it is not kept, and nobody who
 *   comes later waits for it.
 */
export class ReadThrough {
  private readonly fills = new SingleFlight<Found, ReadError>()
  private readonly far: Driver
  private readonly copies: Copies

  constructor(far: Driver, copies: Copies) {
    this.far = far
    this.copies = copies
  }

  get(call: Call.Get): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const ids = idsOf(call)
    return Effect.flatMap(this.copies.get(call, ids), (copies) => {
      const misses = copies.flatMap((copy, i) => (copy === undefined ? [i] : []))
      if (misses.length === 0) return Effect.succeed(copies)
      return Effect.map(this.fill(Call.pick(call, misses)), (found) => {
        const answers = [...copies]
        misses.forEach((index, i) => {
          answers[index] = found[i] && Entry.copy(found[i])
        })
        return answers
      })
    })
  }

  /** Forgets the keys of a call once it has run, whether it succeeded, failed or was interrupted. */
  invalidating<A, E>(
    call: Call.Put | Call.Delete | Call.CompareAndPut,
    write: Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    return Effect.ensuring(
      write,
      Effect.suspend(() => {
        for (const id of idsOf(call)) this.fills.drop(id)
        return this.copies.remove(call)
      })
    )
  }

  /** Forgets what a call that clears the far store may have cleared. */
  clearing<A, E>(call: Call.Clear, clear: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.ensuring(
      clear,
      Effect.suspend(() => {
        this.fills.dropAll()
        return this.copies.clear(call)
      })
    )
  }

  private fill(call: Call.Get): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const ids = idsOf(call)
    return this.fills.runMany(ids, (own, isDropped) => {
      const part = {
        ...Call.pick(
          call,
          own.map((id) => ids.indexOf(id))
        ),
        expiry: true
      }
      return Effect.tap(this.far.get(part), (found) => this.copies.make(part, own, found, isDropped))
    })
  }
}

/** Collection and key as one string that no other pair has. */
const idsOf = ({ collection, keys }: { readonly collection: string; readonly keys: ReadonlyArray<string> }) =>
  keys.map((key) => `${collection.length}:${collection}${key}`)
