/** Finds a short input that still shows the violation of a longer one. */
import { Effect } from "effect"

/** Removes smaller and smaller parts while the input `fails`, in at most `tries` tries. */
export const shrink = Effect.fn("fuzz.shrink")(function* (
  input: Uint8Array,
  fails: (candidate: Uint8Array) => Effect.Effect<boolean>,
  tries = 300
) {
  let best = input
  let left = tries
  for (let size = Math.ceil(best.length / 2); size >= 1 && left > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && left > 0; left--) {
      const candidate = Uint8Array.from(Buffer.concat([best.subarray(0, at), best.subarray(at + size)]))
      if (yield* fails(candidate)) best = candidate
      else at += size
    }
  }
  return best
})
