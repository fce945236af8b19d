/**
 * Packs the package, runs the same program on it in each runtime, and writes the table of docs/guides/runtimes.md.
 *
 * Fails if a feature does not work where it should, or works where the table says that it does not. `--only NAME` runs one
 * runtime and writes nothing. `--built` uses `dist` as it is.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Console, Effect } from "effect"
import { server } from "../servers/redis.ts"
import { expected } from "./expected.ts"
import { folder, hosts } from "./hosts.ts"
import type { Results } from "./run.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const page = join(root, "docs/guides/runtimes.md")
const args = process.argv.slice(2)
const only = args[args.indexOf("--only") + 1]

/** Installs the packed package and links to its dependencies. */
const packed = (home: string): void => {
  if (!args.includes("--built")) execFileSync("npm", ["run", "-s", "build"], { cwd: root, stdio: "inherit" })
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", home], { cwd: root })
  const installed = join(home, "node_modules/effect-kv")
  mkdirSync(installed, { recursive: true })
  const tarball = readdirSync(home).find((name) => name.endsWith(".tgz"))!
  execFileSync("tar", ["xzf", join(home, tarball), "-C", installed, "--strip-components", "1"])
  for (const name of ["effect", "ioredis", "@effect/platform-node"]) {
    const path = join(home, "node_modules", name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(root, "node_modules", name), path)
  }
  writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module" }))
}

interface Column {
  readonly name: string
  readonly version: string
  readonly results: Results
}

/** Where a column is not as expected. */
const surprises = ({ name, results }: Column): ReadonlyArray<string> =>
  Object.entries(results).flatMap(([step, reason]) => {
    const missing = expected[step]?.[name]
    if (missing === undefined) return reason === null ? [] : [`${name}: ${step} fails: ${reason}`]
    if (reason === null) return [`${name}: ${step} works, but is not expected to`]
    return missing.test(reason) ? [] : [`${name}: ${step} fails with another reason: ${reason}`]
  })

const tableOf = (columns: ReadonlyArray<Column>): string => {
  const steps = [...new Set(columns.flatMap(({ results }) => Object.keys(results)))]
  const cell = (step: string, { results }: Column) => (!(step in results) ? "–" : results[step] === null ? "yes" : "no")
  return [
    `The versions: ${columns.map(({ name, version }) => `${name.split(" ")[0]} ${version}`).join(", ")}.`,
    "",
    `| | ${columns.map(({ name }) => name).join(" | ")} |`,
    `|---|${columns.map(() => "---|").join("")}`,
    ...steps.map((step) => `| ${step} | ${columns.map((column) => cell(step, column)).join(" | ")} |`)
  ].join("\n")
}

const [begin, end] = ["<!-- made by `npm run runtimes` -->\n\n", "\n\n<!-- end -->"]

const program = Effect.gen(function* () {
  const home = folder()
  packed(home)
  const { url } = yield* server()
  const chosen = hosts().filter(({ name }) => only === undefined || !args.includes("--only") || name === only)
  const columns = yield* Effect.forEach(chosen, ({ name, version, results }) =>
    Effect.gen(function* () {
      const found = yield* Effect.timeout(results(home, url), "3 minutes")
      const works = Object.values(found).filter((reason) => reason === null).length
      yield* Console.log(`${name} ${version}: ${works} of ${Object.keys(found).length} features work`)
      return { name, version, results: found } satisfies Column
    })
  )
  rmSync(home, { recursive: true, force: true })
  const found = columns.flatMap(surprises)
  for (const surprise of found) yield* Console.error(surprise)
  if (found.length > 0) process.exitCode = 1
  else if (!args.includes("--only")) {
    const text = readFileSync(page, "utf8")
    const [before, rest] = [text.slice(0, text.indexOf(begin) + begin.length), text.slice(text.indexOf(end))]
    writeFileSync(page, before + tableOf(columns) + rest)
  }
}).pipe(Effect.scoped)

await Effect.runPromise(program)
