import { ByAge } from "./ByAge.ts"

/** Keys that the store does not have, each for a while. The oldest of too many are forgotten. */
export class Misses {
  private readonly ends = new ByAge<number>()
  private readonly ttl: number
  private readonly maxKeys: number

  constructor(ttl: number, maxKeys: number) {
    this.ttl = ttl
    this.maxKeys = maxKeys
  }

  get isEmpty(): boolean {
    return this.ends.size === 0
  }

  /** Remembers that a key was missing when the store was asked. */
  add(id: string, askedAt: number): void {
    if (this.ttl === 0) return
    this.ends.set(id, askedAt + this.ttl)
    if (this.ends.size > this.maxKeys) this.ends.delete(this.ends.oldest!.key)
  }

  has(id: string, now: number): boolean {
    const end = this.ends.get(id)
    if (end === undefined) return false
    if (now < end) return true
    this.ends.delete(id)
    return false
  }

  remove(id: string): void {
    this.ends.delete(id)
  }
}
