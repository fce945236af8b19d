/**
 * Writes the pages of evidence and their charts, from bench/RESULTS.md and from the JSON of the three commands in
 * docs/evidence/data: `npm run evidence`.
 */
import { writeFileSync } from "node:fs"
import { root } from "../paths.ts"
import { files } from "./files.ts"

for (const [file, text] of files()) writeFileSync(root + file, text)
