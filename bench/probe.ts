/**
 * Detects whether another program uses the processor.
 *
 * On a shared machine, another program may run on the other thread of the same core, for tenths of a second at a time.
 * Code that keeps the core busy then takes nearly twice as long. Code that waits (for memory, or in a chain of
 * dependent steps) takes hardly longer. So even ratios differ from those on a dedicated machine.
 */

const numbers = Int32Array.from({ length: 2048 }, (_, i) => i * 7919)

/** Work that keeps a core busy: independent steps on a few kilobytes. */
const work = (): number => {
  let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5]
  for (let round = 0; round < 150; round++) {
    for (let i = 0; i < numbers.length - 5; i += 6) {
      a += numbers[i]! ^ round
      b += numbers[i + 1]! & round
      c ^= numbers[i + 2]! + round
      d += numbers[i + 3]! | round
      e ^= numbers[i + 4]! - round
      f += numbers[i + 5]! ^ a
    }
  }
  return a + b + c + d + e + f
}

let fastest = Number.POSITIVE_INFINITY

/** Milliseconds that the work takes at this moment: half a millisecond or more. */
export const probe = (): number => {
  const start = performance.now()
  work()
  const millis = performance.now() - start
  fastest = Math.min(fastest, millis)
  return millis
}

/** Whether the probe was undisturbed, compared with the fastest probe so far. */
export const isQuiet = (millis: number): boolean => millis <= 1.15 * fastest

for (let i = 0; i < 200; i++) probe()
