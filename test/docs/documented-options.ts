// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './markdown.js';

export interface DocumentedOption {
  readonly name: string;
  readonly required: boolean;
  /** What the doc comment says behind `@default`. */
  readonly defaultText: string | undefined;
  /** Two owners whose options were declared once have the same. */
  readonly declaration: unknown;
}

/** What the public classes and functions take, by the name of the first that takes it. */
export function documentedOptions(): Map<string, DocumentedOption[]> {
  const entries = entryPoints();
  const program = ts.createProgram(entries, compilerOptions());
  const checker = program.getTypeChecker();
  const found = new Map<string, DocumentedOption[]>();
  const seen = new Set<ts.Symbol>();
  for (const entry of entries) {
    const file = program.getSourceFile(entry);
    const module = file && checker.getSymbolAtLocation(file);
    const symbols = (module ? checker.getExportsOfModule(module) : []).map(exported =>
      exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported,
    );
    // Classes first: `createOptimizelySpanProcessorFromEnv` takes what the class takes.
    for (const symbol of symbols.sort((a, b) => classesFirst(a) - classesFirst(b))) {
      for (const type of parameterTypes(checker, symbol)) {
        if (!isOptions(type) || seen.has(type.symbol)) continue;
        seen.add(type.symbol);
        found.set(symbol.name, optionsOf(checker, type));
      }
    }
  }
  return found;
}

function classesFirst({ flags }: ts.Symbol): number {
  return flags & ts.SymbolFlags.Class ? 0 : 1;
}

/** The sources of the entries that package.json exports. */
function entryPoints(): string[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { import: { default: string } }>;
  };
  return Object.values(exports).flatMap(entry =>
    typeof entry === 'string'
      ? []
      : [join(ROOT, entry.import.default.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts'))],
  );
}

export function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, ROOT);
  return { ...options, types: ['node'] };
}

function parameterTypes(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Type[] {
  const declaration = symbol.valueDeclaration;
  if (declaration === undefined) return [];
  const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
  const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
  const signatures = isClass ? type.getConstructSignatures() : type.getCallSignatures();
  return signatures
    .flatMap(signature => signature.getParameters())
    .map(parameter => checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(parameter, declaration)));
}

function isOptions(type: ts.Type): boolean {
  const name = (type as ts.Type | { symbol: undefined }).symbol?.name ?? '';
  // Neither a function nor a record of anything.
  const isLiteral = name === '__type' && type.getProperties().length > 0;
  return name.endsWith('Options') || isLiteral;
}

function optionsOf(checker: ts.TypeChecker, type: ts.Type, prefix = ''): DocumentedOption[] {
  return checker.getPropertiesOfType(type).flatMap(property => {
    const declaration = property.valueDeclaration;
    if (declaration === undefined) return [];
    const name = prefix + property.name;
    const tag = property.getJsDocTags(checker).find(tag => tag.name === 'default');
    const option = {
      name,
      required: (property.flags & ts.SymbolFlags.Optional) === 0,
      defaultText: tag && ts.displayPartsToString(tag.text),
      declaration,
    };
    const own = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(property, declaration));
    const members = (own.isUnion() ? own.types : [own]).filter(
      member => member.symbol?.name.endsWith('Options') ?? false,
    );
    return [option, ...members.flatMap(member => optionsOf(checker, member, `${name}.`))];
  });
}
