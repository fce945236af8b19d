/** A copy of the project in a temporary folder, in which mutants are made and run. */
import { execFileSync, spawn } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { type Files, isTest } from "./ownTests.ts"

export interface Ended {
  readonly status: "passed" | "failed" | "timed out"
  readonly output: string
}

export class Copy {
  readonly files: Files
  private readonly directory: string

  private constructor(root: string) {
    this.directory = mkdtempSync(join(tmpdir(), "effect-kv-mutants-"))
    const listed = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    const paths = execFileSync("git", listed, { cwd: root, encoding: "utf8" }).trim().split("\n")
    for (const path of paths) cpSync(join(root, path), join(this.directory, path), { recursive: true })
    symlinkSync(join(root, "node_modules"), join(this.directory, "node_modules"))
    writeFileSync(join(this.directory, "tsconfig.mutant.json"), JSON.stringify(ofTypes))
    this.files = new Map(
      paths
        .filter((path) => /^(?:src|test)\/.*\.ts$/.test(path))
        .map((path) => [path, readFileSync(join(this.directory, path), "utf8")])
    )
  }

  /** Removed with the scope. The user's files are only read. */
  static readonly make = (root: string) =>
    Effect.acquireRelease(
      Effect.sync(() => new Copy(root)),
      (copy) => Effect.sync(() => rmSync(copy.directory, { recursive: true, force: true }))
    )

  /** Runs an effect with another text in a file. */
  with<A, E, R>(file: string, text: string, use: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const write = (text: string) => Effect.sync(() => writeFileSync(join(this.directory, file), text))
    return Effect.acquireUseRelease(
      write(text),
      () => use,
      () => write(this.files.get(file)!)
    )
  }

  /** Whether the sources have the types that they declare. */
  readonly typesAgree: Effect.Effect<boolean> = Effect.suspend(() =>
    Effect.map(
      this.run(["node_modules/typescript/bin/tsc", "-p", "tsconfig.mutant.json"], 120),
      ({ status }) => status !== "failed"
    )
  )

  /** Runs test files until one test fails. */
  test(files: ReadonlyArray<string>, seconds: number): Effect.Effect<Ended> {
    return this.run([...vitest, "--bail=1", "--maxWorkers=1", "--reporter=dot", ...files.filter(isTest)], seconds)
  }

  /** How long each test file takes in milliseconds, `undefined` for those that fail without a mutation. */
  measure(files: ReadonlyArray<string>): Effect.Effect<ReadonlyMap<string, number | undefined>> {
    const report = join(this.directory, "baseline.json")
    const workers = `--maxWorkers=${Math.min(2, availableParallelism())}`
    return Effect.map(
      this.run([...vitest, workers, "--reporter=json", `--outputFile=${report}`, ...files], 1800),
      () => {
        const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report
        return new Map(
          testResults.map(({ name, status, startTime, endTime }) => [
            name.slice(name.indexOf("/test/", this.directory.length) + 1),
            status === "passed" ? endTime - startTime : undefined
          ])
        )
      }
    )
  }

  private run(args: ReadonlyArray<string>, seconds: number): Effect.Effect<Ended> {
    return Effect.callback<Ended>((resume) => {
      const child = spawn(process.execPath, args, { cwd: this.directory, detached: true, env })
      let output = ""
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (output += part))
      const stop = () => {
        if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL")
      }
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        stop()
      }, seconds * 1000)
      child.on("close", (code) => {
        clearTimeout(timer)
        resume(Effect.succeed({ status: isLate ? "timed out" : code === 0 ? "passed" : "failed", output }))
      })
      return Effect.sync(() => {
        clearTimeout(timer)
        stop()
      })
    })
  }
}

/** Incremental, so that a mutant costs a third of the check of all types. */
const ofTypes = {
  extends: "./tsconfig.json",
  include: ["src"],
  compilerOptions: {
    incremental: true,
    tsBuildInfoFile: "mutant.tsbuildinfo",
    // What a mutant does not use any more is no reason to leave it out.
    noUnusedLocals: false,
    noUnusedParameters: false
  }
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly startTime: number
    readonly endTime: number
  }>
}

const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project=effect-kv", "--project=measured"]

/** A mutant that takes all memory ends by itself. */
const env = { ...process.env, NODE_OPTIONS: "--max-old-space-size=2048", FORCE_COLOR: "", NO_COLOR: "1" }
