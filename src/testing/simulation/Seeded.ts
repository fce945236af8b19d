import type * as Random from "effect/Random"

/**
 * Random numbers from a seed (sfc32). A generator is made in less than a microsecond, so that every operation can have
 * its own. Its numbers then stay the same when other operations are left out.
 */
export class Seeded implements Random.Random {
  private a: number
  private b: number
  private c: number
  private counter = 1

  constructor(seed: number, stream: number) {
    this.a = seed | 0
    this.b = Math.imul(stream + 1, 0x9e3779b1) | 0
    this.c = Math.floor(seed / 2 ** 32) | 0
    for (let i = 0; i < 12; i++) this.next()
  }

  nextDoubleUnsafe(): number {
    return this.next() / 2 ** 32
  }

  nextIntUnsafe(): number {
    return Math.floor((this.nextDoubleUnsafe() - 0.5) * 2 * Number.MAX_SAFE_INTEGER)
  }

  /** Returns a whole number from `min` to `max`, both inclusive. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.nextDoubleUnsafe() * (max - min + 1))
  }

  chance(probability: number): boolean {
    return this.nextDoubleUnsafe() < probability
  }

  pick<A>(items: ReadonlyArray<A>): A {
    return items[this.integer(0, items.length - 1)]!
  }

  private next(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (this.c << 21) | (this.c >>> 11)
    this.c = (this.c + sum) | 0
    return sum >>> 0
  }
}
