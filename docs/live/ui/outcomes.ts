/** The groups of outcomes that the page draws alike, and how a look is told without its color. */
import type { Outcome } from "../model.ts"

/** How a dot looks. The names are those of the CSS variables of the colors (`style.css`). */
export const looks = [
  "read",
  "write",
  "retry",
  "ok",
  "hit",
  "stale",
  "failed",
  "rejected",
  "unknown",
  "interrupted"
] as const

export type Look = (typeof looks)[number]

/** Errors of wrappers that did not let a call reach the store. */
const rejections = new Set(["CircuitOpenError", "BulkheadFullError", "RateLimitedError"])

export const lookOf = (outcome: Outcome): Look => {
  if (outcome === "ok" || outcome === "miss") return "ok"
  if (outcome === "hit" || outcome === "stale" || outcome === "interrupted") return outcome
  return rejections.has(outcome) ? "rejected" : "failed"
}

/** The groups of the chart of answers, from the bottom of a bar to its top. Callers do not see whether a cache answered. */
export const groups = ["ok", "rejected", "failed"] as const satisfies ReadonlyArray<Look>

export type Group = (typeof groups)[number]

export const groupOf = (outcome: Outcome): Group => {
  const look = lookOf(outcome)
  return look === "ok" || look === "hit" || look === "stale" ? "ok" : look === "rejected" ? look : "failed"
}

export const isFailure = (outcome: Outcome): boolean => groupOf(outcome) !== "ok"

/** What the legend calls each look. */
export const names: Readonly<Record<Look, string>> = {
  read: "read",
  write: "write",
  retry: "another attempt",
  ok: "success",
  hit: "answered by the cache",
  stale: "stale copy from the cache",
  failed: "error",
  rejected: "rejected before the store",
  unknown: "outcome unknown",
  interrupted: "interrupted"
}
