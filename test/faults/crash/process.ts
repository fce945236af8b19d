import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type { Name } from "./stores.ts"

const script = fileURLToPath(new URL("writer.ts", import.meta.url))

/** When to kill a writer. */
export interface End {
  readonly early: boolean
  readonly millis: number
}

/** A writer that has loaded its modules and waits. */
export interface Writer {
  /** Lets the writer write, kills it some time after its first line (or its start), and returns all its lines. */
  readonly run: (number: number, end: End) => Effect.Effect<ReadonlyArray<string>>
}

/** Writers share Node's compile cache, which only a process that is not killed writes. */
const options = {
  env: { ...process.env, NODE_COMPILE_CACHE: fileURLToPath(new URL("../../../.cache/compile", import.meta.url)) }
}

const argumentsFor = (store: Name, directory: string) => ["--conditions=@effect-kv/source", script, store, directory]

/** Runs a writer without a task, so that the following writers start faster. */
export const warmUp = (store: Name) =>
  Effect.callback<void>((resume) => {
    spawn(process.execPath, argumentsFor(store, ""), { ...options, stdio: "ignore" }).once("close", () =>
      resume(Effect.void)
    )
  })

/** Starts a writer, which ends with the scope. */
export const start = (store: Name, directory: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, argumentsFor(store, directory), { ...options, stdio: ["pipe", "pipe", "inherit"] })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    ),
    writer
  )

const writer = (child: ChildProcess): Writer => {
  const lines: Array<string> = []
  const reader = createInterface(child.stdout!)
  const ready = once(reader, "line")
  reader.on("line", (line) => lines.push(line))
  const closed = Promise.all([once(reader, "close"), once(child, "close")])
  child.stdin!.on("error", () => {})
  return {
    run: (number, { early, millis }) =>
      Effect.gen(function* () {
        yield* Effect.promise(() => ready)
        const spoken = Promise.race([once(reader, "line"), closed])
        child.stdin!.write(`${number}\n`)
        if (!early) yield* Effect.promise(() => spoken)
        yield* Effect.sleep(millis)
        child.kill("SIGKILL")
        yield* Effect.promise(() => closed)
        return lines
      })
  }
}
