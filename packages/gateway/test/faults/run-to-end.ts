// SPDX-License-Identifier: Apache-2.0

const PROGRESS_MILLIS = 5_000;

interface Run<Report> {
  run(): Promise<void>;
  report(): Report;
  close(): Promise<void>;
}

/** Closes the run however it ends, and says meanwhile how far it is. */
export async function runToEnd<Report>(
  run: Run<Report>,
  onProgress: ((report: Report) => void) | undefined,
): Promise<Report> {
  const progress = setInterval(() => onProgress?.(run.report()), PROGRESS_MILLIS);
  try {
    await run.run();
  } finally {
    clearInterval(progress);
    await run.close();
  }
  return run.report();
}
