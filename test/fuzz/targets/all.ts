import type { Target } from "../target.ts"
import { bridges } from "./bridges.ts"
import { frameTarget, managedEntry } from "./codecs.ts"
import { collection } from "./collection.ts"
import { compression } from "./compression.ts"
import { connection } from "./connection.ts"
import { effectStore } from "./effectStore.ts"
import { encryption } from "./encryption.ts"
import { enumeration } from "./enumeration.ts"
import { fileSystem } from "./fileSystem.ts"
import { namesTarget } from "./names.ts"
import { options, urlTarget } from "./options.ts"
import { redis } from "./redis.ts"
import { rotation } from "./rotation.ts"
import { sqlite } from "./sqlite.ts"
import { tiers } from "./tiers.ts"

/** Everything that reads stored bytes, options, URLs or names. */
export const all: ReadonlyArray<Target> = [
  managedEntry,
  frameTarget,
  namesTarget,
  urlTarget,
  options,
  ...compression,
  ...encryption,
  ...redis,
  sqlite,
  fileSystem,
  effectStore,
  ...collection,
  ...tiers,
  ...rotation,
  bridges,
  ...enumeration,
  connection
]
