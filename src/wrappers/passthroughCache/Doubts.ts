import { Aging } from "./Aging.ts"

/**
 * Until when copies are not to be believed: a copy that was made no later than the time in doubt may hold what is no
 * longer true, whatever the near store says and however late it says it.
 *
 * Memory is bounded: of too many keys the oldest doubt becomes one about all keys.
 */
export class Doubts {
  private readonly throughs = new Aging<number>()
  private all = Number.NEGATIVE_INFINITY
  private readonly lifetime: number
  private readonly maxKeys: number

  /** No copy is believed for longer than `lifetime`, in milliseconds. */
  constructor(lifetime: number, maxKeys: number) {
    this.lifetime = lifetime
    this.maxKeys = maxKeys
  }

  /** Doubts the copies of a key that are made up to a time, which may be to come. */
  add(id: string, through: number, now: number): void {
    this.throughs.set(id, Math.max(this.throughs.get(id) ?? through, through))
    for (let oldest = this.throughs.oldest; oldest !== undefined; oldest = this.throughs.oldest) {
      const isOver = oldest.value + this.lifetime <= now
      if (!isOver && this.throughs.size <= this.maxKeys) return
      this.throughs.delete(oldest.key)
      if (!isOver) this.addAll(oldest.value)
    }
  }

  addAll(through: number): void {
    this.all = Math.max(this.all, through)
  }

  /** Whether a copy that was made at a time is in doubt. One of unknown age is, if any could be. */
  about(id: string, madeAt: number | undefined): boolean {
    const through = Math.max(this.all, this.throughs.get(id) ?? Number.NEGATIVE_INFINITY)
    return through !== Number.NEGATIVE_INFINITY && (madeAt ?? Number.NEGATIVE_INFINITY) <= through
  }
}
