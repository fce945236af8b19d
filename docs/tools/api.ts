/** Writes the pages of the API, reference/api, with typedoc. typedoc needs TypeScript 6, which only docs/ has. */
import { execFileSync } from "node:child_process"
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { type ApiModule, apiModules, groups } from "./modules.ts"
import { docs, root } from "./paths.ts"

const folder = `${docs}reference/api/`

const head = `# API

Every export of effect-kv, with its types. The [stores](../stores/index.md) and [wrappers](../wrappers/index.md) also have
pages that explain their options.
`

/** The row of a module in the list that typedoc writes. */
const rowOf = (list: string, { name }: ApiModule): string =>
  list.split("\n").find((line) => line.startsWith(`| [${name}](`)) ?? `| ${name} | |`

const writeIndex = (): void => {
  const list = readFileSync(`${folder}index.md`, "utf8")
  const sections = groups.map((group) => {
    const rows = apiModules.filter((it) => it.group === group).map((it) => rowOf(list, it))
    return `## ${group}\n\n| module | what it is |\n|---|---|\n${rows.join("\n")}\n`
  })
  writeFileSync(`${folder}index.md`, [head, ...sections].join("\n"))
}

/** Gives titles an anchor of their own, since a module may have an export with its name, such as `KeyValue`. */
const nameTitles = (): void => {
  for (const page of globSync("**/*.md", { cwd: folder })) {
    const text = readFileSync(folder + page, "utf8")
    writeFileSync(folder + page, text.replace(/^# .*$/m, "$& {#top}"))
  }
}

export const writeApi = (): void => {
  rmSync(folder, { recursive: true, force: true })
  const files = apiModules.map(({ file }) => root + file)
  const args = ["node_modules/typedoc/bin/typedoc", "--options", "typedoc.json", ...files]
  execFileSync(process.execPath, args, { cwd: docs, stdio: "inherit", env: { ...process.env, NODE_OPTIONS: "" } })
  nameTitles()
  writeIndex()
}
