/**
 * How the state of a rate limit changes: pure functions from a state and the time to an answer and the next state.
 *
 * Times are milliseconds. A state is of no more use from its `expiresAt` on, and counts as none.
 */
import type { AdaptivePhase } from "effect/persistence/RateLimiter"

interface Timed {
  readonly expiresAt: number
}

/** What a step answers, and the state after it; no state if it stays as it is. */
export interface Step<S, A> {
  readonly answer: A
  readonly next?: S
}

export interface Counter extends Timed {
  readonly count: number
}

/** Is a stored value the state of a window, and not what somebody else wrote? */
export const isCounter = (value: unknown): value is Counter => hasNumbers(value, ["count", "expiresAt"])

/** Takes tokens out of the window that is open, which closes the later the more of them are taken. */
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
  if (limit !== undefined && count > limit) return { answer: [count, closesAt - now] }
  const expiresAt = closesAt + refillMillis * tokens
  return { answer: [count, expiresAt - now], next: { count, expiresAt } }
}

export interface Bucket extends Timed {
  readonly tokens: number
  /** When the refill that goes on began. */
  readonly since: number
}

/** Is a stored value the state of a bucket? */
export const isBucket = (value: unknown): value is Bucket => hasNumbers(value, ["tokens", "since", "expiresAt"])

/** Takes tokens out of a bucket after refilling it; a bucket that is full again needs no state. */
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
  if (remaining < 0 && !options.allowOverflow) return { answer: [remaining, elapsed] }
  const expiresAt = now + Math.max(1, Math.ceil(limit - remaining) * refillMillis - elapsed)
  return { answer: [remaining, elapsed], next: { tokens: remaining, since, expiresAt } }
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
  /** When all tokens that were taken are refilled. */
  readonly until: number
  readonly observed: number
  readonly limit: number
  readonly window: number
}

/** What is known of a server that answered "too many requests": when to come back, and later how many it allows. */
export type Adaptive = Cooldown | Learning | Learned

/** Is a stored value what is known of a server? */
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

/** How long a state is kept beyond its own time. */
const grace = 60_000

/** The longest wait that a server may ask for. */
const longestWindow = 3_600_000

const clampWindow = (millis: number): number => (millis > 0 ? Math.min(millis, longestWindow) : 1)

export const adaptiveConsume = (
  state: Adaptive | undefined,
  now: number,
  { tokens, fallbackMillis }: { readonly tokens: number; readonly fallbackMillis: number }
): Step<Adaptive, { readonly delay: number; readonly epoch: number; readonly phase: AdaptivePhase }> => {
  if (state === undefined) return { answer: { delay: 0, epoch: 0, phase: "inactive" } }
  switch (state.phase) {
    case "cooldown": {
      if (state.until > now) {
        return { answer: { delay: state.until - now, epoch: state.epoch, phase: "cooldown" } }
      }
      const epoch = state.epoch + 1
      return {
        answer: { delay: 0, epoch, phase: "learning" },
        next: { phase: "learning", epoch, since: now, observed: tokens, expiresAt: now + fallbackMillis + grace }
      }
    }
    case "learning":
      return {
        answer: { delay: 0, epoch: state.epoch, phase: "learning" },
        next: { ...state, observed: state.observed + tokens }
      }
    case "learned": {
      const next = takeLearned(state, now, tokens)
      return { answer: { delay: learnedDelay(next, now), epoch: state.epoch, phase: "learned" }, next }
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

/** Until the window begins in which the last token is allowed. */
const learnedDelay = ({ observed, until, limit, window }: Learned, now: number): number => {
  const elapsed = observed * (window / limit) - (until - now)
  return Math.max(0, Math.floor((observed - 1) / limit) * window - elapsed)
}

/** What to keep after the server said "too many requests" to a call that `adaptiveConsume` gave `epoch`. */
export const adaptiveFeedback = (
  state: Adaptive | undefined,
  now: number,
  options: { readonly epoch: number; readonly tokens: number; readonly retryAfterMillis: number }
): Step<Adaptive, void> => {
  if ((state?.epoch ?? 0) !== options.epoch) return { answer: undefined }
  const retryAfter = clampWindow(options.retryAfterMillis)
  const accepted = state?.phase === "learning" ? state.observed - options.tokens : 0
  if (state?.phase === "learning" && accepted > 0) {
    const window = clampWindow(now - state.since + retryAfter)
    return {
      answer: undefined,
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
    answer: undefined,
    next: { phase: "cooldown", epoch: options.epoch, until, expiresAt: until + grace }
  }
}
