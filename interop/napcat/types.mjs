// Judges values by TypeScript types of a package, as its users read them: every field that a
// type promises has to be there and of its type. More fields than promised are no fault.
import { fileURLToPath } from "node:url";
import ts from "typescript";

export class Types {
  // The types that a declaration file of a package exports.
  constructor(specifier) {
    const file = fileURLToPath(import.meta.resolve(specifier)).replace(/\.js$/, ".d.ts");
    const program = ts.createProgram([file], {
      strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [],
    });
    this.checker = program.getTypeChecker();
    const source = program.getSourceFile(file);
    this.exports = new Map(this.checker.getExportsOfModule(this.checker.getSymbolAtLocation(source)).map((s) => [s.name, s]));
  }

  // The type of each property of an exported type, by name.
  properties(name) {
    const type = this.checker.getDeclaredTypeOfSymbol(this.exports.get(name));
    return new Map(this.checker.getPropertiesOfType(type).map((p) => [p.name, this.checker.getTypeOfSymbol(p)]));
  }

  // What of the value is not as the type says: lines "place: what".
  differences(type, value, at) {
    const { checker } = this;
    const meant = checker.isArrayType(type) ? "a list" : checker.getPropertiesOfType(type).length && type.flags & ts.TypeFlags.Object ? "an object" : checker.typeToString(type);
    const wrong = [`${at}: ${kind(value)}, not ${meant}`];
    const when = (ok) => (ok ? [] : wrong);
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
    if (type.isUnion()) return this.closest(type, value, at) ?? wrong;
    if (type.isLiteral()) return when(value === type.value);
    if (type.flags & ts.TypeFlags.BooleanLiteral) return when(String(value) === checker.typeToString(type));
    if (type.flags & ts.TypeFlags.String) return when(typeof value === "string");
    if (type.flags & ts.TypeFlags.Number) return when(typeof value === "number");
    if (type.flags & ts.TypeFlags.Null) return when(value === null);
    if (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return when(value === undefined);
    if (type.getCallSignatures().length) return when(typeof value === "function");
    if (value === null || typeof value !== "object") return wrong;
    if (checker.isArrayType(type)) {
      if (!Array.isArray(value)) return wrong;
      const [each] = checker.getTypeArguments(type);
      return [...new Set(value.flatMap((v) => this.differences(each, v, `${at}[]`)))];
    }
    if (checker.isTupleType(type)) {
      const parts = checker.getTypeArguments(type);
      if (!Array.isArray(value) || value.length !== parts.length) return wrong;
      return parts.flatMap((t, i) => this.differences(t, value[i], `${at}[${i}]`));
    }
    if (Array.isArray(value) || !(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) return wrong;
    return checker.getPropertiesOfType(type).flatMap((p) => {
      const there = `${at}.${p.name}`;
      if (!(p.name in value)) return p.flags & ts.SymbolFlags.Optional ? [] : [`${there}: missing`];
      return this.differences(checker.getTypeOfSymbol(p), value[p.name], there);
    });
  }

  // The differences to the member of a union that has the value's constants ("type",
  // "sub_type"); of several the one whose fields it has, and the most of them.
  closest(union, value, at) {
    if (value === null || typeof value !== "object") {
      return union.types.some((t) => !this.differences(t, value, at).length) ? [] : undefined;
    }
    const constants = union.types.map((t) => this.constants(t));
    const names = [...new Set(constants.flat().map(([name]) => name))];
    const which = names.length ? `${at}<${names.map((n) => value[n]).filter((v) => v !== undefined)}>` : at;
    const found = union.types
      .filter((_, i) => constants[i].every(([name, constant]) => value[name] === constant))
      .map((t) => ({ missing: this.missing(t, value), size: this.checker.getPropertiesOfType(t).length, lines: this.differences(t, value, which) }))
      .sort((a, b) => a.missing - b.missing || b.size - a.size || a.lines.length - b.lines.length);
    return found[0]?.lines ?? [`${which}: no such kind`];
  }

  missing(type, value) {
    return this.checker.getPropertiesOfType(type).filter((p) => !(p.name in value)).length;
  }

  // The properties of a type that are one text.
  constants(type) {
    if (!(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) return [];
    return this.checker
      .getPropertiesOfType(type)
      .map((p) => [p.name, this.checker.getTypeOfSymbol(p)])
      .filter(([, t]) => t.isStringLiteral())
      .map(([name, t]) => [name, t.value]);
  }
}

const kind = (value) => (value === undefined ? "nothing" : value === null ? "null" : Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : typeof value);
