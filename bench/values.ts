import type { Value } from "../src/index.ts"

/** Values like those of an application. No two are equal, so no library gains by caching one. */

const words =
  "account active address agent answer basket between border branch bridge button camera carbon center change client cloud coffee colour column common copper corner county credit custom danger degree design detail device dinner doctor double driver editor effect empire energy engine entity estate export factor family figure filter finger flight forest format friend future garden gender global ground growth guitar harbor health height hidden history hotel impact import income index island issue jacket journey junior kernel kitchen ladder language leader letter level library listen little local london lumber machine manager margin market matter memory method middle minute mirror mobile module moment monday morning motion museum nature network normal notice number object office option orange origin output owner packet palace parent people period person phrase planet player pocket policy popular prefix prince profile project public purple quarter random reason record region repair report result reward river rocket sample school screen second secret select senior series server session shadow signal silver simple single sister socket source spring square stable status stream street string studio summer sunday supply system tablet target team thread ticket toggle tongue travel tunnel update useful vector vendor version village vision visual volume wallet weather weight window winter wonder worker yellow".split(
    " "
  )

/** A pseudo-random sequence (mulberry32), the same in every run. */
const sequence = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** The stored values. */
export interface JsonObject {
  readonly [field: string]: Value.Json
}

const text = (next: (below: number) => number, length: number): string => {
  let result = ""
  while (result.length < length) result += `${words[next(words.length)]} `
  return result.slice(0, Math.max(length, 0))
}

const fields = (seed: number) => {
  const next = sequence(seed)
  const name = text(next, 12).trim()
  return {
    n: seed,
    id: `${next(1e9).toString(36)}-${next(1e9).toString(36)}`,
    name,
    email: `${name.replaceAll(" ", ".")}@example.org`,
    active: next(2) === 1,
    roles: [words[next(words.length)]!, words[next(words.length)]!]
  }
}

/** An object of about `bytes` bytes of JSON: some fields, and text in one of them. */
const sized = (seed: number, bytes: number) => {
  const next = sequence(~seed)
  const start = {
    ...fields(seed),
    createdAt: new Date(1.7e12 + next(1e10)).toISOString(),
    address: {
      street: `${text(next, 14).trim()} ${next(200)}`,
      city: words[next(words.length)]!,
      zip: String(next(99999))
    },
    scores: [next(1000), next(1000) / 10, next(1000)],
    bio: ""
  }
  return { ...start, bio: text(next, bytes - JSON.stringify(start).length) }
}

const pool = (make: (seed: number) => JsonObject, size: number) => {
  const made = Array.from({ length: size }, (_, seed) => make(seed))
  return (i: number): JsonObject => ({ ...made[i % size]!, n: i })
}

/** 200 bytes of JSON. */
export const small = pool((seed) => {
  const start = { ...fields(seed), note: "" }
  return { ...start, note: text(sequence(~seed), 200 - JSON.stringify(start).length) }
}, 256)

/** 1 KiB of JSON: an object with a text. */
export const oneKiB = pool((seed) => sized(seed, 1024), 256)

/** 64 KiB of JSON: a list of 64 of those. */
export const sixtyFourKiB = pool(
  (seed) => ({ items: Array.from({ length: 64 }, (_, i) => sized(seed * 64 + i, 1008)) }),
  16
)

export const key = (i: number): string => `user:${i}`
