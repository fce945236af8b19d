/** Random choices that are the same for the same seed on every machine. */
export class Dice {
  private state: number

  constructor(seed: string) {
    this.state = hash(seed)
  }

  /** A whole number from 0 to 2^32 - 1. */
  private next(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(this.state ^ (this.state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return (mixed ^ (mixed >>> 16)) >>> 0
  }

  /** An integer from 0 up to, but not including, the limit. */
  below(limit: number): number {
    return limit <= 1 ? 0 : this.next() % limit
  }

  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  pick<A>(items: ReadonlyArray<A>): A {
    return items[this.below(items.length)] as A
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }
}

/** FNV-1a. */
const hash = (text: string): number => {
  let hash = 0x811c9dc5
  for (const unit of text) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193)
  return hash >>> 0
}
