// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Extractor,
  ExtractorConfig,
  type ExtractorMessage,
  ExtractorMessageCategory,
  type IConfigApiReport,
  type IConfigFile,
} from '@microsoft/api-extractor';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Entry {
  readonly import: { readonly types: string };
  readonly require: { readonly types: string };
}

/** Everything that the packages' declarations promise, by report file: one for each subpath of `exports`. */
export function apiReports(): Map<string, string> {
  return new Map([
    ...reportsOf('.', ''),
    ...reportsOf('packages/inspector', 'inspector-'),
    ...reportsOf('packages/gateway', 'gateway-'),
  ]);
}

function reportsOf(folder: string, prefix: string): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
    exports: Record<string, Entry | string>;
  };
  const reports = new Map<string, string>();
  for (const [subpath, entry] of Object.entries(exports)) {
    if (typeof entry === 'string') continue;
    const name = subpath === '.' ? 'index' : subpath.slice(2).replaceAll('/', '-');
    // The other entries name types of the first one, which reports them.
    const includeForgottenExports = subpath === '.';
    const esm = extract(folder, entry.import.types, includeForgottenExports);
    const cjs = extract(folder, entry.require.types, includeForgottenExports);
    if (esm !== cjs) {
      throw new Error(
        `${subpath}: ${entry.import.types} and ${entry.require.types} promise different things`,
      );
    }
    reports.set(`${prefix}${name}.api.md`, esm);
  }
  return reports;
}

function extract(packageFolder: string, declarations: string, includeForgottenExports: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'api-report-'));
  try {
    const reportFileName = 'report.api.md';
    const config = ExtractorConfig.prepare({
      configObject: configure(join(ROOT, packageFolder, declarations), {
        enabled: true,
        reportFileName,
        reportFolder: folder,
        reportTempFolder: join(folder, 'temp'),
        includeForgottenExports,
      }),
      configObjectFullPath: undefined,
      packageJsonFullPath: join(ROOT, packageFolder, 'package.json'),
    });
    mkdirSync(config.reportFolder, { recursive: true });
    const problems: string[] = [];
    Extractor.invoke(config, {
      localBuild: true,
      messageCallback: message => {
        message.handled = true;
        if (isProblem(message)) problems.push(message.formatMessageWithLocation(ROOT));
      },
    });
    if (problems.length > 0) throw new Error(`${declarations}\n${problems.join('\n')}`);
    const report = readFileSync(join(folder, reportFileName), 'utf8').replaceAll('\r\n', '\n');
    // What differs by nature between the declarations of the two module systems.
    return report.replaceAll(/\.d\.cts\b/g, '.d.ts');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isProblem({ category, logLevel }: ExtractorMessage): boolean {
  return category !== ExtractorMessageCategory.Console && (logLevel === 'error' || logLevel === 'warning');
}

function configure(mainEntryPointFilePath: string, apiReport: IConfigApiReport): IConfigFile {
  const toReport = { logLevel: 'none', addToApiReportFile: true };
  const quiet = { logLevel: 'none' };
  return {
    projectFolder: ROOT,
    mainEntryPointFilePath,
    compiler: { tsconfigFilePath: join(ROOT, 'tsconfig.dist.json') },
    apiReport,
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    newlineKind: 'lf',
    messages: {
      compilerMessageReporting: { default: { logLevel: 'error' } },
      extractorMessageReporting: {
        default: { logLevel: 'warning' },
        'ae-forgotten-export': toReport,
        // We mark nothing as alpha, beta or internal: what is exported is public.
        'ae-missing-release-tag': quiet,
        'ae-undocumented': quiet,
      },
      // Doc comments are not what is compared, and our tags are not all TSDoc's.
      tsdocMessageReporting: { default: quiet },
    },
  } as IConfigFile;
}
