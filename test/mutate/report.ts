/** What became of the mutants, for people. */
import { Console, Data, Effect, Runtime } from "effect"
import { style } from "../../examples/demo/style.ts"
import { changeOf, type Mutation } from "./mutations.ts"

export interface Result {
  readonly mutation: Mutation
  /** Mutants that do not compile are no part of the score. */
  readonly status: "killed" | "timed out" | "survived" | "does not compile"
  /** The first test that failed. */
  readonly by: string | undefined
  readonly seconds: number
}

export const line = ({ mutation, status, by, seconds }: Result) =>
  Effect.map(style, ({ good, bad, faint }) => {
    const paint = status === "survived" ? bad : status === "does not compile" ? faint : good
    const where = `${mutation.file}:${mutation.line}`
    return `${paint(status.padEnd(16))} ${where}  ${changeOf(mutation)} ${faint(`${by ?? ""} ${seconds.toFixed(0)} s`)}`
  })

const folderOf = (file: string): string => file.slice(0, file.lastIndexOf("/"))

const row = (cells: ReadonlyArray<string>): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(36) : cell.padStart(10))).join("")

const scoreOf = (name: string, results: ReadonlyArray<Result>): string => {
  const count = (status: Result["status"]) => results.filter((it) => it.status === status).length
  const killed = count("killed") + count("timed out")
  const all = killed + count("survived")
  return row([
    name,
    String(killed),
    String(count("survived")),
    all === 0 ? "-" : `${Math.round((100 * killed) / all)} %`
  ])
}

export const summary = (results: ReadonlyArray<Result>) =>
  Effect.map(style, ({ bold }) => {
    const folders = [...Map.groupBy(results, ({ mutation }) => folderOf(mutation.file))].sort()
    const survivors = results.filter(({ status }) => status === "survived")
    return [
      "",
      bold(row(["folder", "killed", "survived", "score"])),
      ...folders.map(([folder, results]) => scoreOf(folder, results)),
      bold(scoreOf("all", results)),
      ...(survivors.length === 0 ? [] : ["", bold("survived:")]),
      ...survivors.map(({ mutation }) => `${mutation.file}:${mutation.line}  ${changeOf(mutation)}`)
    ].join("\n")
  })

/** Already reported. */
export class Failed extends Data.TaggedError("Failed") {
  override readonly [Runtime.errorReported] = false
}

export const fail = (message: string) => Effect.andThen(Console.error(message), Effect.fail(new Failed()))
