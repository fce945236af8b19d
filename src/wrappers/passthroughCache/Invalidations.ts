import { ByAge } from "./ByAge.ts"

/**
 * Up to which time copies are invalid: a copy whose original was read from the store no later than that is not returned,
 * whatever the cache says and however late it says it.
 *
 * Memory is bounded: of too many keys, the oldest invalidation becomes one of all keys.
 */
export class Invalidations {
  private readonly upTo = new ByAge<number>()
  private allUpTo = Number.NEGATIVE_INFINITY
  private readonly lifetime: number
  private readonly maxKeys: number

  /** No copy is used for longer than `lifetime`, in milliseconds. */
  constructor(lifetime: number, maxKeys: number) {
    this.lifetime = lifetime
    this.maxKeys = maxKeys
  }

  /** Invalidates the copies of a key that are read from the store up to a time, which may be in the future. */
  add(id: string, upTo: number, now: number): void {
    this.upTo.set(id, Math.max(this.upTo.get(id) ?? upTo, upTo))
    for (let oldest = this.upTo.oldest; oldest !== undefined; oldest = this.upTo.oldest) {
      const isOver = oldest.value + this.lifetime <= now
      if (!isOver && this.upTo.size <= this.maxKeys) return
      this.upTo.delete(oldest.key)
      if (!isOver) this.addAll(oldest.value)
    }
  }

  addAll(upTo: number): void {
    this.allUpTo = Math.max(this.allUpTo, upTo)
  }

  /** Whether a copy of what was read from the store at a time is invalid. A copy of unknown age is, if any could be. */
  has(id: string, readAt: number | undefined): boolean {
    const upTo = Math.max(this.allUpTo, this.upTo.get(id) ?? Number.NEGATIVE_INFINITY)
    return upTo !== Number.NEGATIVE_INFINITY && (readAt ?? Number.NEGATIVE_INFINITY) <= upTo
  }
}
