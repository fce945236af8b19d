/** The results of the cases, as lines and as JSON. */
import { Effect, FileSystem } from "effect"
import { style } from "../../examples/demo/style.ts"
import { type Case, type Kind, kinds } from "./case.ts"

export { Failed, fail } from "../support/failed.ts"

/** A line for a case, with the difference below if it fails. */
export const line = ({ kind, id, status, documented, difference }: Case) =>
  Effect.map(style, ({ good, bad, faint }) => {
    const name = `${kind.padEnd(6)} ${printable(id)}`
    if (status === "fail") return `${bad("FAIL")} ${name}\n       ${printable(difference ?? "")}`
    return `${good("pass")} ${name}${documented === undefined ? "" : faint(` (documented: ${documented})`)}`
  })

/** The text without control characters, which could move the cursor. */
const printable = (text: string): string => text.replace(/\p{Cc}|\p{Zl}|\p{Zp}|\p{Cs}/gu, (unit) => escaped(unit))

const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`

export interface Count {
  readonly pass: number
  readonly fail: number
  /** How many of the passed cases show a documented difference. */
  readonly documented: number
}

export const counts = (cases: ReadonlyArray<Case>): Readonly<Record<Kind | "all", Count>> => {
  const of = (some: ReadonlyArray<Case>): Count => ({
    pass: some.filter(({ status }) => status === "pass").length,
    fail: some.filter(({ status }) => status === "fail").length,
    documented: some.filter(({ documented }) => documented !== undefined).length
  })
  const entries = kinds.map((kind) => [kind, of(cases.filter((it) => it.kind === kind))] as const)
  return { ...(Object.fromEntries(entries) as Record<Kind, Count>), all: of(cases) }
}

/** The counts by kind, and whether all cases hold. */
export const summary = (cases: ReadonlyArray<Case>) =>
  Effect.map(style, ({ bold, good, bad, faint }) => {
    const { all, ...byKind } = counts(cases)
    const column = (n: number) => String(n).padStart(String(cases.length).length)
    const rows = Object.entries(byKind).map(([kind, { pass, fail, documented }]) => {
      const failed = fail === 0 ? "" : `   ${bad(`${fail} failed`)}`
      const different = documented === 0 ? "" : faint(`   ${documented} with a documented difference`)
      return `  ${kind.padEnd(6)}  ${column(pass)} passed${failed}${different}`
    })
    const verdict =
      all.fail === 0
        ? `${good("✓")} ${bold(`All ${cases.length} cases hold.`)}`
        : `${bad("✗")} ${bold(`${all.fail} of ${cases.length} cases do not hold.`)}`
    return ["", ...rows, "", verdict].join("\n")
  })

export const writeJson = Effect.fn("interop.writeJson")(function* (path: string, cases: ReadonlyArray<Case>) {
  const { writeFileString } = yield* FileSystem.FileSystem
  yield* writeFileString(path, `${JSON.stringify({ counts: counts(cases), cases }, null, 2)}\n`)
})
