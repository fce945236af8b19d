/**
 * Tells when the processor is all ours.
 *
 * On a machine that others share, somebody else may run on the other thread of our core, for tenths of a second at a time.
 * What keeps the core busy then takes nearly twice as long, what waits (for memory, in a chain of dependent steps) hardly
 * longer: so not even ratios are what they are on a machine of one's own.
 */

const numbers = Int32Array.from({ length: 2048 }, (_, i) => i * 7919)

/** Work that keeps a core busy: steps that do not wait for one another, on a few kilobytes. */
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

/** Milliseconds that a certain piece of work takes just now: half of one, or more. */
export const probe = (): number => {
  const start = performance.now()
  work()
  const millis = performance.now() - start
  fastest = Math.min(fastest, millis)
  return millis
}

/** Was nobody else there, as far as probes have told yet? */
export const isQuiet = (millis: number): boolean => millis <= 1.15 * fastest

for (let i = 0; i < 200; i++) probe()
