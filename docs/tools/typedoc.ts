/** A plugin of typedoc: names modules as they are imported, shows their docs, and leaves out what other packages declare. */
import { readFileSync } from "node:fs"
import {
  type Application,
  Comment,
  Converter,
  DeclarationReflection,
  type ProjectReflection,
  type Reflection,
  ReflectionFlag,
  ReflectionKind,
  ReflectionType
} from "typedoc"
import { root } from "./paths.ts"

/** The name that a module is imported by: `Retry`, not `wrappers/Retry`. */
const nameOf = (path: string): string => {
  const name = path.slice(path.lastIndexOf("/") + 1)
  return name[0]!.toUpperCase() + name.slice(1)
}

/** The text of the docstring at the beginning of a file, with links as code. */
const docOf = (file: string): string => {
  const [comment = ""] = /(?<=^\/\*\*)[\s\S]*?(?=\*\/)/.exec(readFileSync(file, "utf8")) ?? []
  return comment
    .replace(/^ *\* ?/gm, "")
    .replace(/^@\w+.*$/gm, "")
    .replace(/\{@link (\w+)\}/g, "`$1`")
    .replace(/`docs\/([\w/-]+)\.md`/g, "[$1](/$1)")
    .trim()
}

/** Members that every error has, and that the docs of the module describe. */
const implied = ["message", "toJSON", "outcomeOfPart"]

/** Members of classes that come from Effect, TypeScript or Node, such as `pipe` and `stack`. */
const isForeign = (project: ProjectReflection, reflection: Reflection): boolean => {
  if (!(reflection instanceof DeclarationReflection) || reflection.parent?.kindOf(ReflectionKind.Module)) return false
  if (/^[~[]/.test(reflection.name)) return true
  if (!reflection.parent?.kindOf(ReflectionKind.ClassOrInterface)) return false
  if (reflection.kindOf(ReflectionKind.Constructor) || implied.includes(reflection.name)) return true
  const declared = project.getSymbolIdFromReflection(reflection)
  return declared !== undefined && declared.packageName !== "effect-kv"
}

/** Shows functions of a service as methods, with a heading and code blocks of their own. Options stay rows of a table. */
const toMethod = (reflection: Reflection): void => {
  if (!(reflection instanceof DeclarationReflection) || !reflection.kindOf(ReflectionKind.Property)) return
  const { type, parent } = reflection
  const signatures = type instanceof ReflectionType ? type.declaration.signatures : undefined
  if (signatures === undefined || !parent?.kindOf(ReflectionKind.Interface) || /Options$/.test(parent.name)) return
  reflection.kind = ReflectionKind.Method
  reflection.signatures = signatures
  reflection.setFlag(ReflectionFlag.Readonly, false)
  for (const signature of signatures) {
    signature.name = reflection.name
    signature.parent = reflection
    if (reflection.comment) signature.comment ??= reflection.comment
  }
  delete reflection.comment
  delete reflection.type
}

export const load = (app: Application): void => {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const doc = docOf(`${root}src/${module.name}.ts`)
      module.comment = new Comment([{ kind: "text", text: doc }])
      module.name = nameOf(module.name)
    }
    for (const reflection of Object.values(project.reflections)) {
      if (isForeign(project, reflection)) project.removeReflection(reflection)
    }
    Object.values(project.reflections).forEach(toMethod)
  })
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const reflection of Object.values(project.reflections)) {
      if (!(reflection instanceof DeclarationReflection)) continue
      delete reflection.inheritedFrom
      delete reflection.overwrites
      // Pages of interfaces and classes have all members, also those that are inherited.
      delete reflection.extendedTypes
      delete reflection.extendedBy
      delete reflection.typeHierarchy
      if (reflection.kindOf(ReflectionKind.Variable)) delete reflection.defaultValue
    }
  })
}
