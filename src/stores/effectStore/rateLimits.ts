/**
 * The state changes of rate limits, as pure functions from a state and the time to a result and the next state.
 *
 * Times are in milliseconds. From its `expiresAt`, a state is no longer needed and counts as missing.
 */
import type { AdaptivePhase } from "effect/persistence/RateLimiter"

interface Timed {
  readonly expiresAt: number
}

/** The result of a step and the next state. Without `next`, the state stays unchanged. */
export interface Step<S, A> {
  readonly result: A
  readonly next?: S
}

export interface Counter extends Timed {
  readonly count: number
}

/** Returns whether a stored value is the state of a window. Another program may have written another value. */
export const isCounter = (value: unknown): value is Counter => hasNumbers(value, ["count", "expiresAt"])

/** Takes tokens from the current window. Each taken token extends the window. */
export const takeFromWindow = (
  counter: Counter | undefined,
  now: number,
  {
    tokens,
    refillMillis,
    limit
  }: { readonly tokens: number; readonly refillMillis: number; readonly limit: number | undefined }
): Step<Counter, readonly [count: number, ttl: number]> => {
  const { count: taken, expiresAt: closesAt } = counter ?? { count: 0, expiresAt: now }
  const count = taken + tokens
  if (limit !== undefined && count > limit) return { result: [count, closesAt - now] }
  const expiresAt = closesAt + refillMillis * tokens
  return { result: [count, expiresAt - now], next: { count, expiresAt } }
}

export interface Bucket extends Timed {
  readonly tokens: number
  /** When the current refill started. */
  readonly since: number
}

/** Returns whether a stored value is the state of a bucket. */
export const isBucket = (value: unknown): value is Bucket => hasNumbers(value, ["tokens", "since", "expiresAt"])

/** Refills a bucket and takes tokens from it. Its state expires when the bucket is full again. */
export const takeFromBucket = (
  bucket: Bucket | undefined,
  now: number,
  options: {
    readonly tokens: number
    readonly limit: number
    readonly refillMillis: number
    readonly allowOverflow: boolean
  }
): Step<Bucket, readonly [remaining: number, elapsed: number]> => {
  const { limit, refillMillis } = options
  const before = bucket ?? { tokens: limit, since: now }
  const refills = Math.max(0, Math.floor((now - before.since) / refillMillis))
  const available = refills > 0 ? Math.min(limit, before.tokens + refills) : before.tokens
  const since = available >= limit ? now : before.since + refills * refillMillis
  const elapsed = Math.max(0, now - since)
  const remaining = available - options.tokens
  if (remaining < 0 && !options.allowOverflow) return { result: [remaining, elapsed] }
  const expiresAt = now + Math.max(1, Math.ceil(limit - remaining) * refillMillis - elapsed)
  return { result: [remaining, elapsed], next: { tokens: remaining, since, expiresAt } }
}

interface Cooldown extends Timed {
  readonly phase: "cooldown"
  readonly epoch: number
  readonly until: number
}

interface Learning extends Timed {
  readonly phase: "learning"
  readonly epoch: number
  readonly since: number
  readonly observed: number
}

interface Learned extends Timed {
  readonly phase: "learned"
  readonly epoch: number
  /** When all taken tokens are refilled. */
  readonly until: number
  readonly observed: number
  readonly limit: number
  readonly window: number
}

/** The state of a server that replied "too many requests": when to try again, and later how many requests it allows. */
export type Adaptive = Cooldown | Learning | Learned

/** Returns whether a stored value is the state of a server. */
export const isAdaptive = (value: unknown): value is Adaptive => {
  const fields = isObject(value) ? fieldsOf.get(value.phase) : undefined
  if (fields === undefined || !hasNumbers(value, ["epoch", "expiresAt", ...fields])) return false
  const { phase, limit, window } = value as unknown as Partial<Learned>
  return phase !== "learned" || (limit! > 0 && window! > 0)
}

const fieldsOf = new Map<unknown, ReadonlyArray<string>>([
  ["cooldown", ["until"]],
  ["learning", ["since", "observed"]],
  ["learned", ["until", "observed", "limit", "window"]]
])

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const hasNumbers = (value: unknown, fields: ReadonlyArray<string>): boolean =>
  isObject(value) && fields.every((field) => Number.isFinite(value[field]))

/** How much longer than necessary a state is kept. */
const grace = 60_000

/** The longest wait that a server can request. Longer waits are shortened. */
const longestWindow = 3_600_000

const clampWindow = (millis: number): number => (millis > 0 ? Math.min(millis, longestWindow) : 1)

export const adaptiveConsume = (
  state: Adaptive | undefined,
  now: number,
  { tokens, fallbackMillis }: { readonly tokens: number; readonly fallbackMillis: number }
): Step<Adaptive, { readonly delay: number; readonly epoch: number; readonly phase: AdaptivePhase }> => {
  if (state === undefined) return { result: { delay: 0, epoch: 0, phase: "inactive" } }
  switch (state.phase) {
    case "cooldown": {
      if (state.until > now) {
        return { result: { delay: state.until - now, epoch: state.epoch, phase: "cooldown" } }
      }
      const epoch = state.epoch + 1
      return {
        result: { delay: 0, epoch, phase: "learning" },
        next: { phase: "learning", epoch, since: now, observed: tokens, expiresAt: now + fallbackMillis + grace }
      }
    }
    case "learning":
      return {
        result: { delay: 0, epoch: state.epoch, phase: "learning" },
        next: { ...state, observed: state.observed + tokens }
      }
    case "learned": {
      const next = takeLearned(state, now, tokens)
      return { result: { delay: learnedDelay(next, now), epoch: state.epoch, phase: "learned" }, next }
    }
  }
}

const takeLearned = (state: Learned, now: number, tokens: number): Learned => {
  const isIdle = state.until <= now
  return {
    ...state,
    observed: (isIdle ? 0 : state.observed) + tokens,
    until: (isIdle ? now : state.until) + (state.window / state.limit) * tokens
  }
}

/** Returns the time until the window starts that allows the last token. */
const learnedDelay = ({ observed, until, limit, window }: Learned, now: number): number => {
  const elapsed = observed * (window / limit) - (until - now)
  return Math.max(0, Math.floor((observed - 1) / limit) * window - elapsed)
}

/**
 * Changes the state after the server replied "too many requests" to a call. `epoch` is the one that `adaptiveConsume`
 * returned.
 */
export const adaptiveFeedback = (
  state: Adaptive | undefined,
  now: number,
  options: { readonly epoch: number; readonly tokens: number; readonly retryAfterMillis: number }
): Step<Adaptive, void> => {
  if ((state?.epoch ?? 0) !== options.epoch) return { result: undefined }
  const retryAfter = clampWindow(options.retryAfterMillis)
  const accepted = state?.phase === "learning" ? state.observed - options.tokens : 0
  if (state?.phase === "learning" && accepted > 0) {
    const window = clampWindow(now - state.since + retryAfter)
    return {
      result: undefined,
      next: {
        phase: "learned",
        epoch: state.epoch + 1,
        until: state.since + window,
        observed: accepted,
        limit: accepted,
        window,
        expiresAt: now + window + grace
      }
    }
  }
  const until = Math.max(now + retryAfter, state?.phase === "cooldown" ? state.until : 0)
  return {
    result: undefined,
    next: { phase: "cooldown", epoch: options.epoch, until, expiresAt: until + grace }
  }
}
