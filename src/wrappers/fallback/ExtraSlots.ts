import * as Latch from "effect/Latch"
import type { Pending } from "./Index.ts"

/** The number of extra slots from which on the replaced ones are removed without delay. */
const crowd = 32

/**
 * The slots beside the last one of each key: those that later writes have replaced, which are to be removed, and doubtful
 * ones, which may still appear in the store.
 */
export class ExtraSlots {
  /** Open while there are replaced slots. */
  readonly hasReplaced = Latch.makeUnsafe()
  /** Open while there are many of them. */
  readonly isCrowded = Latch.makeUnsafe()
  /** How many there are, of all keys. */
  size = 0
  private readonly replaced = new Map<Pending, Set<string>>()

  /** How many a key has. */
  of(pending: Pending): number {
    return this.replacedOf(pending).size + pending.doubtful.length
  }

  /** How many of a key cannot be removed yet, or were not, at a time of the monotonic clock. */
  keptOf(pending: Pending, at: number): number {
    return pending.settlesAt <= at ? this.replacedOf(pending).size : this.of(pending)
  }

  replacedOf(pending: Pending): ReadonlySet<string> {
    return this.replaced.get(pending) ?? none
  }

  allReplaced(): ReadonlyArray<{ readonly pending: Pending; readonly name: string }> {
    return [...this.replaced].flatMap(([pending, names]) => Array.from(names, (name) => ({ pending, name })))
  }

  addReplaced(pending: Pending, name: string): void {
    let names = this.replaced.get(pending)
    if (names === undefined) this.replaced.set(pending, (names = new Set()))
    names.add(name)
    this.size++
    this.hasReplaced.openUnsafe()
    if (this.size >= crowd) this.isCrowded.openUnsafe()
  }

  /** Notes that a replaced slot is removed. */
  removed(pending: Pending, name: string): void {
    const names = this.replaced.get(pending)
    if (names?.delete(name)) this.size--
    if (names?.size === 0) this.replaced.delete(pending)
    this.updateLatches()
  }

  addDoubtful(pending: Pending, name: string): void {
    pending.doubtful = [...pending.doubtful, name]
    this.size++
  }

  /** Once the writes of a key have settled, its doubtful slots can be removed like replaced ones. */
  settle(pending: Pending, at: number): void {
    if (pending.doubtful.length === 0 || pending.settlesAt > at) return
    this.size -= pending.doubtful.length
    for (const name of pending.doubtful) this.addReplaced(pending, name)
    pending.doubtful = []
  }

  forget(pending: Pending): void {
    this.size -= this.of(pending)
    this.replaced.delete(pending)
    this.updateLatches()
  }

  private updateLatches(): void {
    if (this.replaced.size === 0) this.hasReplaced.closeUnsafe()
    if (this.replaced.size === 0 || this.size < crowd) this.isCrowded.closeUnsafe()
  }
}

const none: ReadonlySet<string> = new Set()
