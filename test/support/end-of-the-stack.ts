// SPDX-License-Identifier: Apache-2.0

/** Calls `work` once, which compiles it: that takes more of a stack. Then from each of the frames nearest to its end. */
export function atTheEndOfTheStack(frames: number, offset: number, work: () => void): void {
  work();
  let left = frames;
  const dive = (): void => {
    try {
      dive();
    } finally {
      if (left-- > 0) work();
    }
  };
  const pad = (more: number): void => (more > 0 ? pad(more - 1) : dive());
  try {
    pad(offset);
  } catch {
    // The application's own overflow.
  }
}
