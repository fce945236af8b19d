/** All cases of a vectors file, one after another, since some of them share their names. */
import { Stream } from "effect"
import { toCase } from "../case.ts"
import { show } from "../compare.ts"
import type { Vectors } from "../vectors.ts"
import * as bytes from "./bytes.ts"
import * as fernet from "./fernet.ts"
import * as kdf from "./kdf.ts"
import * as raw from "./raw.ts"
import * as read from "./read.ts"
import * as write from "./write.ts"

export const all = (vectors: Vectors) =>
  Stream.fromIterable([
    ...vectors.kdf.map((it) => toCase("kdf", `${show(it.source_material)}, ${show(it.salt)}`, kdf.check(it))),
    ...vectors.fernet_deterministic.map((it, i) => toCase("fernet", `token ${i + 1}`, fernet.check(it))),
    ...vectors.vectors.map((it) => toCase("read", it.id, read.check(it))),
    ...vectors.raw_read_cases.map((it) => toCase("raw", it.id, raw.check(it))),
    ...vectors.vectors.map((it) => toCase("write", it.id, write.check(it))),
    ...vectors.vectors.filter(bytes.isAbout).map((it) => toCase("bytes", it.id, bytes.check(it)))
  ]).pipe(Stream.mapEffect((check) => check))
