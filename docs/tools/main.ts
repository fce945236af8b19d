/**
 * Runs VitePress: `dev` serves the site while you write, `build` writes it to docs/.vitepress/dist, `preview` serves the
 * built site. Installs the packages of docs/package.json, and builds effect-kv for the live page, if they are missing.
 */
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { writeApi } from "./api.ts"
import { writeLlms } from "./llms.ts"
import { docs, root } from "./paths.ts"
import { writeSourcePages } from "./sourcePages.ts"

const [command = "build"] = process.argv.slice(2)

const run = (directory: string, program: string, args: ReadonlyArray<string>): void => {
  execFileSync(program, args, { cwd: directory, stdio: "inherit", env: { ...process.env, NODE_OPTIONS: "" } })
}

if (!existsSync(`${docs}node_modules`)) run(docs, "npm", ["ci", "--no-audit", "--no-fund"])
if (command !== "preview") {
  if (command === "build" || !existsSync(`${root}dist`)) run(root, "npm", ["run", "-s", "build"])
  writeApi()
  writeSourcePages()
}
run(docs, process.execPath, ["node_modules/vitepress/bin/vitepress.js", command, "."])
if (command === "build") writeLlms()
