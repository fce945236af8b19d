import type { Random } from "effect"

/** Random numbers from a seed (sfc32). */
export class Seeded {
  private a: number
  private b: number
  private c = 0
  private counter = 1

  constructor(seed: number, stream: number) {
    this.a = seed | 0
    this.b = Math.imul(stream + 1, 0x9e3779b1) | 0
    for (let i = 0; i < 12; i++) this.next()
  }

  /** Returns a number of at least 0 and below 1. */
  double(): number {
    return this.next() / 2 ** 32
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

/** Effect's `Random` from a seed. */
export const randomService = (seeded: Seeded): typeof Random.Random.Service => ({
  nextDoubleUnsafe: () => seeded.double(),
  nextIntUnsafe: () => Math.floor((seeded.double() - 0.5) * 2 * Number.MAX_SAFE_INTEGER)
})

/**
 * Returns a number of at least 0 and below 1 that depends only on the arguments. With it, the tenth attempt of a request
 * has the same luck in every stack, so that a difference between two runs comes from the stacks.
 */
export const hashed = (seed: number, a: number, b: number, c: number): number => {
  let h = (seed ^ 0x9e3779b9) | 0
  h = mix(h ^ a)
  h = mix(h ^ b)
  h = mix(h ^ c)
  return (h >>> 0) / 2 ** 32
}

const mix = (input: number): number => {
  let h = input | 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return ((h ^ (h >>> 15)) + 0x6d2b79f5) | 0
}

/** Turns two even numbers into one of the normal distribution, at most 4 standard deviations from 0. */
export const normal = (a: number, b: number): number =>
  Math.max(-4, Math.min(4, Math.sqrt(-2 * Math.log(1 - a)) * Math.cos(2 * Math.PI * b)))
