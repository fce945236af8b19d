import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

/** Why a server's program is not available, or `undefined` if it is. As root on Debian, installs its package. */
export const problemOf = (program: string, debianPackage: string): string | undefined => {
  if (isInstalled(program)) return undefined
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    return `${program} is not on the PATH (Debian's package: ${debianPackage})`
  }
  aptGet("install", "-y", debianPackage)
  if (!isInstalled(program)) {
    aptGet("update")
    aptGet("install", "-y", debianPackage)
  }
  return isInstalled(program) ? undefined : `apt-get could not install ${debianPackage}`
}

const aptGet = (...args: ReadonlyArray<string>) =>
  spawnSync("apt-get", ["-o", "DPkg::Lock::Timeout=120", "-qq", ...args], {
    stdio: "ignore",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  })

/** Whether a program can be started. */
export const isInstalled = (program: string): boolean => spawnSync(program, ["--version"]).status === 0

/**
 * A `describe` for tests that need a server: without it, they are skipped with the reason in their title, or fail when
 * `REQUIRE_SERVICES=1`.
 */
export const describeUnless = (problem: string | undefined, name: string, body: () => void): void => {
  if (problem === undefined) describe(name, body)
  else if (process.env.REQUIRE_SERVICES === "1") it(`${name}: ${problem}`, () => Promise.reject(new Error(problem)))
  else {
    process.stderr.write(`Skipped: ${name}, since ${problem}\n`)
    describe.skip(`${name} (skipped: ${problem})`, body)
  }
}

/** A program that runs in a process of its own. */
export interface Running {
  readonly kill: Effect.Effect<void>
  /** Ends with the program. */
  readonly ended: Effect.Effect<void>
  /** The last lines that the program has printed. */
  readonly output: () => string
}

/**
 * Runs a program until the scope closes or `kill` is run. A shell kills the program at the end of its input, which comes
 * when this process ends, even if it crashes. The shell closes its own output, so that the output ends with the program.
 */
export const run = (program: string, args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync((): Running => {
      const script = '"$@" 2>&1 & exec >/dev/null 2>&1; read -r _; kill -9 $!; wait'
      const shell = spawn("sh", ["-c", script, "sh", program, ...args], { stdio: ["pipe", "pipe", "ignore"] })
      let output = ""
      shell.stdin.on("error", () => {})
      shell.stdout.setEncoding("utf8")
      shell.stdout.on("data", (text: string) => {
        output = (output + text).slice(-4000)
      })
      const kill = Effect.callback<void>((resume) => {
        if (shell.exitCode !== null || shell.signalCode !== null) return resume(Effect.void)
        shell.once("exit", () => resume(Effect.void))
        shell.stdin.end()
      })
      const ended = Effect.callback<void>((resume) => {
        if (shell.stdout.closed) return resume(Effect.void)
        shell.stdout.once("close", () => resume(Effect.void))
      })
      return { kill, ended, output: () => output }
    }),
    ({ kill }) => kill
  )

/**
 * A port that is not in use. A node of a Redis Cluster also uses the port 10,000 above it, so the range is chosen so that
 * this second port is outside it and outside the range that the system uses for outgoing connections.
 */
export const freePort: Effect.Effect<number> = Effect.callback<number>((resume) => {
  const port = 12_000 + Math.floor(Math.random() * 10_000)
  const server = createServer()
  server.once("error", () => resume(freePort))
  server.listen(port, "127.0.0.1", () => server.close(() => resume(Effect.succeed(port))))
})

export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-kv-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)
