// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Without these, Node itself and OpenTelemetry's SDK do not work: they read them of options that have none of their own. */
const NEEDED_BY_OTHERS = new Set([
  ...['then', 'toJSON', 'signal', 'error'],
  ...['links', 'context', 'meterProvider', 'timestamp', 'path', 'flush'],
]);

/** Names of the members that some object of the package may lack, and all that are looked for with `in`. */
export function optionalMembers(directory: string): string[] {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const name = optionalName(node);
    if (name !== undefined && !(name in {}) && !NEEDED_BY_OTHERS.has(name)) names.add(name);
    ts.forEachChild(node, visit);
  };
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.ts')) continue;
    visit(ts.createSourceFile(entry, readFileSync(join(directory, entry), 'utf8'), ts.ScriptTarget.Latest));
  }
  return [...names].sort();
}

function optionalName(node: ts.Node): string | undefined {
  if (ts.isBinaryExpression(node))
    return node.operatorToken.kind === ts.SyntaxKind.InKeyword && ts.isStringLiteral(node.left)
      ? node.left.text
      : undefined;
  const isMember = ts.isPropertySignature(node) || ts.isMethodSignature(node);
  return isMember && node.questionToken && ts.isIdentifier(node.name) ? node.name.text : undefined;
}
