/** The runtimes, and how a program runs in each. */
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Deferred, Effect, Schedule } from "effect"
import { rolldown } from "rolldown"
import { args, chromium, problem } from "../servers/chromium.ts"
import { freePort, run, temporaryDirectory } from "../servers/process.ts"
import { configOf } from "../workers/workerd.ts"
import type { Results } from "./run.ts"

const here = fileURLToPath(new URL(".", import.meta.url))

export interface Host {
  /** Such as `Node 20`. */
  readonly name: string
  readonly version: string
  /** Runs the program in a folder with the packed package in its `node_modules`. */
  readonly results: (home: string, redisUrl: string) => Effect.Effect<Results, unknown>
}

const versionOf = (program: string): string | undefined => {
  const { status, stdout } = spawnSync(program, ["--version"], { encoding: "utf8" })
  return status === 0 ? /\d+(?:\.\d+)+/.exec(stdout)?.[0] : undefined
}

/** Bundles a program without the package and its dependencies, or with all of it. */
const bundle = (home: string, file: string, conditions?: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const isWhole = conditions !== undefined
    const build = await rolldown({
      input: join(here, file),
      platform: isWhole ? "browser" : "node",
      logLevel: "silent",
      ...(isWhole
        ? { resolve: { conditionNames: [...conditions] } }
        : { external: /^(effect|@effect|effect-kv)(\/|$)/ }),
      plugins: [
        {
          // The programs lie in this repository, but import the package that was packed.
          name: "packed",
          resolveId: {
            filter: { id: /^(effect|@effect|effect-kv)(\/|$)/ },
            handler(id, importer) {
              if (!isWhole || importer === undefined || !importer.startsWith(here)) return null
              return this.resolve(id, join(home, "entry.js"), { skipSelf: true })
            }
          }
        }
      ]
    })
    const { output } = await build.generate({ format: "esm", codeSplitting: false })
    const path = join(home, file.replace(/\.ts$/, ".mjs"))
    writeFileSync(path, output[0].code)
    return path
  })

/** Runs a program, and reads its results from the last line that it prints. */
const printed = (program: string, args: ReadonlyArray<string>, home: string, redisUrl: string) =>
  Effect.callback<Results, unknown>((resume) => {
    const child = spawn(program, [...args], {
      cwd: home,
      env: { ...process.env, NODE_OPTIONS: "", REDIS_URL: redisUrl }
    })
    let output = ""
    let notes = ""
    child.stdout.on("data", (chunk) => (output += chunk))
    child.stderr.on("data", (chunk) => (notes += chunk))
    child.on("error", (error) => resume(Effect.fail(error)))
    child.on("close", (status) => {
      const line = output.trim().split("\n").at(-1)!
      resume(
        line.startsWith("{") ? Effect.succeed(JSON.parse(line)) : Effect.fail(`status ${status}: ${output}${notes}`)
      )
    })
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const serverHost = (name: string, program: string, args: ReadonlyArray<string> = []): ReadonlyArray<Host> => {
  const version = versionOf(program)
  if (version === undefined) return []
  const results: Host["results"] = (home, redisUrl) =>
    Effect.flatMap(bundle(home, "server.ts"), (path) => printed(program, [...args, path], home, redisUrl))
  return [{ name, version, results }]
}

/** Serves a page with the program, and passes on what the program sends back. */
const pageServer = (path: string, receive: (results: Results) => void) =>
  createServer((request, response) => {
    if (request.method === "POST") {
      let body = ""
      request.on("data", (chunk) => (body += chunk))
      request.on("end", () => {
        response.end()
        receive(JSON.parse(body))
      })
    } else if (request.url === "/program.mjs") {
      response.setHeader("content-type", "text/javascript")
      response.end(readFileSync(path))
    } else {
      response.setHeader("content-type", "text/html")
      response.end('<!doctype html><script type="module" src="/program.mjs"></script>')
    }
  })

/** Opens a page with the program in Chromium, and waits for its results. */
const inBrowser = (home: string) =>
  Effect.gen(function* () {
    const path = yield* bundle(home, "browser.ts", ["browser", "import", "default"])
    const profile = yield* temporaryDirectory
    const port = yield* freePort
    const found = yield* Deferred.make<Results>()
    yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = pageServer(path, (results) => Deferred.doneUnsafe(found, Effect.succeed(results)))
        server.listen(port, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    yield* Effect.asVoid(run(chromium, [...args, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`]))
    return yield* Deferred.await(found)
  }).pipe(Effect.scoped)

const workerd = createRequire(import.meta.url)("workerd") as { readonly default: string; readonly version: string }

/** Starts a Worker, and asks it once. */
const inWorker = (home: string) =>
  Effect.gen(function* () {
    yield* bundle(home, "worker.ts", ["workerd", "worker", "browser", "import", "default"])
    const port = yield* freePort
    writeFileSync(join(home, "config.capnp"), configOf(port, "worker.mjs"))
    const running = yield* run(workerd.default, ["serve", join(home, "config.capnp")])
    const ask = Effect.tryPromise({
      try: () => fetch(`http://127.0.0.1:${port}/`).then((response) => response.json() as Promise<Results>),
      catch: () => running.output()
    })
    return yield* Effect.retry(ask, Schedule.upTo(Schedule.spaced("200 millis"), { times: 100 }))
  }).pipe(Effect.scoped)

/** A package of its own, with the runtimes that are no part of the development dependencies. */
const installed = join(here, "installed")

const install = (): void => {
  if (existsSync(join(installed, "node_modules"))) return
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: installed, stdio: "inherit" })
  if (status !== 0) throw new Error("npm ci has failed")
}

/** All runtimes that this machine has. */
export const hosts = (): ReadonlyArray<Host> => {
  install()
  const bin = `${installed}/node_modules/`
  return [
    ...serverHost("Node 20", `${bin}node20/bin/node`),
    ...serverHost("Node 22", `${bin}node22/bin/node`, ["--no-warnings"]),
    ...serverHost("Node 24", process.execPath, ["--no-warnings"]),
    ...serverHost("Bun", `${bin}.bin/bun`),
    ...serverHost("Deno", `${bin}.bin/deno`, ["run", "--allow-all", "--node-modules-dir=manual", "--quiet"]),
    {
      name: "Workers",
      version: /\d+\.\d+\.\d+/.exec(workerd.version)?.[0] ?? workerd.version,
      results: inWorker
    },
    ...(problem === undefined ? [{ name: "Chromium", version: versionOf(chromium)!, results: inBrowser }] : [])
  ]
}

/** Makes a folder for the programs. */
export const folder = (): string => {
  const home = mkdtempSync(join(tmpdir(), "effect-kv-runtimes-"))
  mkdirSync(join(home, "node_modules"), { recursive: true })
  return home
}
