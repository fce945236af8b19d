/** Writes the pages of docs/reference that are made from docstrings. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { all, written } from "./all.ts"

const docs = join(import.meta.dirname, "../../docs")

for (const page of written()) if (!all.has(page)) rmSync(join(docs, page))
for (const [page, text] of all) {
  mkdirSync(dirname(join(docs, page)), { recursive: true })
  writeFileSync(join(docs, page), text)
}
