import type { Advice, Wrapper, WrapperName } from "../model.ts"
import { optionsOf } from "./wrappers.ts"

/** A pair of wrappers in a wrong order. */
interface Rule {
  readonly outer: WrapperName
  readonly inner: WrapperName
  /** Why the order is wrong, and where the wrappers belong. */
  readonly text: string
  /** A wrapper that makes the order right if there is another one of it inside of `inner`. */
  readonly unlessInside?: WrapperName
}

const rules: ReadonlyArray<Rule> = [
  {
    outer: "Timeout",
    inner: "Retry",
    unlessInside: "Timeout",
    text: "Timeout outside Retry limits all attempts together: one slow attempt leaves no time for another. Put Timeout inside Retry, so that each attempt has its own limit."
  },
  {
    outer: "Timeout",
    inner: "Hedge",
    unlessInside: "Timeout",
    text: "Timeout outside Hedge limits both attempts together. Put Timeout inside Hedge, so that each attempt has its own limit."
  },
  {
    outer: "Timeout",
    inner: "Fallback",
    unlessInside: "Timeout",
    text: "Timeout outside Fallback ends the call before the second store is asked. Put Timeout inside Fallback, so that the second store takes over when the first is slow."
  },
  {
    outer: "Hedge",
    inner: "Retry",
    text: "Hedge outside Retry starts a second series of attempts, with pauses of its own, while the first series waits. Put Hedge inside Retry, so that it hedges each attempt."
  },
  {
    outer: "Hedge",
    inner: "Bulkhead",
    text: "A read that waits in the queue of Bulkhead looks slow to Hedge, and its second attempt makes the queue longer. Put Hedge inside Bulkhead."
  },
  {
    outer: "Retry",
    inner: "CircuitBreaker",
    text: "Retry outside CircuitBreaker calls an open circuit again, and callers wait for it instead of failing at once. Put CircuitBreaker outside Retry, so that it counts the final result of each call."
  },
  {
    outer: "Retry",
    inner: "Fallback",
    text: "With Retry outside Fallback, the second store takes over at the first failure, even if a retry would have succeeded. Put Retry inside Fallback."
  },
  {
    outer: "Retry",
    inner: "Bulkhead",
    text: "With Retry outside Bulkhead, a rejected call comes back and fills the queue again, and each attempt waits in the queue. Put Bulkhead outside Retry, so that a call keeps one place for all of its attempts."
  },
  {
    outer: "Retry",
    inner: "Deadline",
    text: "Deadline inside Retry begins again with each attempt, and limits neither the pauses nor the attempts together. Put Deadline outside Retry."
  },
  {
    outer: "Retry",
    inner: "PassthroughCache",
    text: "With PassthroughCache inside Retry, a stale copy answers the first failure of the store, although a retry may get the current value. Put PassthroughCache outside Retry, so that a hit needs no Retry either."
  },
  {
    outer: "CircuitBreaker",
    inner: "Fallback",
    text: "CircuitBreaker outside Fallback does not see that the first store is down, so each call waits for its failure. Put CircuitBreaker inside Fallback, so that the second store takes over at once."
  },
  {
    outer: "CircuitBreaker",
    inner: "Bulkhead",
    text: "Calls in the queue of Bulkhead have already passed CircuitBreaker, and go to the store although the circuit has opened. Put CircuitBreaker inside Bulkhead."
  },
  {
    outer: "CircuitBreaker",
    inner: "PassthroughCache",
    text: "While the circuit is open, reads fail although the cache has their values. Put PassthroughCache outside CircuitBreaker."
  },
  {
    outer: "Fallback",
    inner: "Bulkhead",
    text: "A call that Bulkhead rejects goes to the second store, as if the first store was down. Put Bulkhead outside Fallback."
  },
  {
    outer: "Fallback",
    inner: "RateLimit",
    text: "A call that RateLimit rejects goes to the second store, as if the first store was down. Put RateLimit outside Fallback."
  },
  {
    outer: "Fallback",
    inner: "Deadline",
    text: "Deadline inside Fallback does not limit the calls to the second store. Put Deadline outside Fallback."
  },
  {
    outer: "Fallback",
    inner: "Aead",
    text: "Aead inside Fallback encrypts only what the first store gets: the second store and the journal hold plaintext. Put Aead outside Fallback."
  },
  {
    outer: "Bulkhead",
    inner: "RateLimit",
    text: "Calls that wait for RateLimit hold a place in Bulkhead. Put RateLimit outside Bulkhead."
  },
  {
    outer: "Bulkhead",
    inner: "Deadline",
    text: "Deadline inside Bulkhead does not limit the time in the queue. Put Deadline outside Bulkhead."
  },
  {
    outer: "Bulkhead",
    inner: "PassthroughCache",
    text: "With PassthroughCache inside Bulkhead, hits wait in the queue behind calls to the store. Put PassthroughCache outside Bulkhead."
  },
  {
    outer: "RateLimit",
    inner: "Deadline",
    text: "Deadline inside RateLimit does not limit the time that a call waits for the rate limit. Put Deadline outside RateLimit."
  },
  {
    outer: "RateLimit",
    inner: "PassthroughCache",
    text: "With PassthroughCache inside RateLimit, hits count toward the rate limit although they do not reach the store. Put PassthroughCache outside RateLimit."
  },
  {
    outer: "Aead",
    inner: "Compression",
    text: "Compression inside Aead gets encrypted values, and these do not compress. Put Compression outside Aead, so that values are compressed before they are encrypted."
  },
  {
    outer: "Aead",
    inner: "PassthroughCache",
    text: "With PassthroughCache inside Aead, the cache holds encrypted values, and each hit is decrypted. Put PassthroughCache outside Aead."
  },
  {
    outer: "Compression",
    inner: "PassthroughCache",
    text: "With PassthroughCache inside Compression, the cache holds compressed values, and each hit is decompressed. Put PassthroughCache outside Compression."
  },
  {
    outer: "Compression",
    inner: "LimitSize",
    text: "LimitSize inside Compression limits what is stored. To limit the values that the application writes, put LimitSize outside Compression."
  }
]

/** Says which pairs of wrappers are in a wrong order, and why. */
export const advice = (stack: ReadonlyArray<Wrapper>): ReadonlyArray<Advice> => {
  const found = rules.flatMap((rule): ReadonlyArray<Advice> => {
    const outerIndex = stack.findLastIndex(({ name }) => name === rule.outer)
    const innerIndex = stack.findIndex(({ name }) => name === rule.inner)
    if (outerIndex === -1 || innerIndex === -1 || innerIndex > outerIndex) return []
    const isInside = stack.slice(0, innerIndex).some(({ name }) => name === rule.unlessInside)
    const { outer, inner, text } = rule
    return isInside ? [] : [{ outer, inner, outerIndex, innerIndex, text }]
  })
  return [...found, ...twoRetries(stack)]
}

const twoRetries = (stack: ReadonlyArray<Wrapper>): ReadonlyArray<Advice> => {
  const indices = stack.flatMap(({ name }, i) => (name === "Retry" ? [i] : []))
  const [innerIndex, outerIndex] = [indices[0], indices.at(-1)]
  if (innerIndex === undefined || outerIndex === undefined || innerIndex === outerIndex) return []
  const attempts = indices.reduce((product, i) => product * (Number(optionsOf(stack[i]!).maxRetries) + 1), 1)
  const text = `Each Retry repeats the attempts of the Retry inside: a call may reach the store ${attempts} times. Use one Retry.`
  return [{ outer: "Retry", inner: "Retry", outerIndex, innerIndex, text }]
}
