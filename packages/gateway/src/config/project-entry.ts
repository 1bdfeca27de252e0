// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { AckMode, DatafileSource, ProjectConfig } from '../model/gateway-config.js';
import { readTextFile } from '../util/text-file.js';
import { ConfigError } from './config-error.js';

/** Where a secret is. */
export type SecretPlace = { readonly env: string } | { readonly file: string };

/** A project as the file has it. */
export interface ProjectEntry extends Omit<ProjectConfig, 'source' | 'userIdHashKey'> {
  readonly sdkKey?: string;
  readonly datafile?: string;
  readonly datafileAccessToken?: SecretPlace;
  readonly datafileUrlTemplate?: string;
  readonly datafileUpdateIntervalMillis?: number;
  readonly userIdHashKey?: SecretPlace;
}

export interface EntrySurroundings {
  /** Where the project is in the file, for messages. */
  readonly place: string;
  /** The folder that paths are relative to. */
  readonly base: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What all projects wait for that do not say otherwise. */
  readonly ack: AckMode | undefined;
}

/** @throws ConfigError if the members do not go together, or a secret can't be read */
export function toProjectConfig(entry: ProjectEntry, surroundings: EntrySurroundings): ProjectConfig {
  const { place, base } = surroundings;
  const {
    sdkKey: _key,
    datafile: _file,
    datafileAccessToken: _token,
    datafileUrlTemplate: _url,
    datafileUpdateIntervalMillis: _interval,
    userIdHashKey,
    ...options
  } = entry;
  const config: ProjectConfig = {
    ...options,
    source: sourceOf(entry, surroundings),
    store: options.store && resolve(base, options.store),
    ack: options.ack ?? surroundings.ack,
    userIdHashKey: userIdHashKey && secretOf(userIdHashKey, `${place}.userIdHashKey`, surroundings),
  };
  requireStore(config, place);
  return config;
}

/** @throws ConfigError if the receipt is to wait for a store, and there is none */
export function requireStore({ ack, store }: ProjectConfig, place: string): void {
  if (ack === 'stored' && store === undefined) {
    throw new ConfigError(`${place}: ack "stored" needs a store; name its directory, or use ack "delivered"`);
  }
}

function sourceOf(entry: ProjectEntry, surroundings: EntrySurroundings): DatafileSource {
  const { sdkKey, datafile, projectId, datafileAccessToken } = entry;
  const { place, base } = surroundings;
  if (sdkKey !== undefined && datafile !== undefined) {
    throw new ConfigError(`${place} must have sdkKey or datafile, not both`);
  }
  if (sdkKey !== undefined) {
    return {
      kind: 'sdk-key',
      sdkKey,
      accessToken:
        datafileAccessToken && secretOf(datafileAccessToken, `${place}.datafileAccessToken`, surroundings),
      urlTemplate: entry.datafileUrlTemplate,
      updateIntervalMillis: entry.datafileUpdateIntervalMillis,
    };
  }
  for (const name of [
    'datafileAccessToken',
    'datafileUrlTemplate',
    'datafileUpdateIntervalMillis',
  ] as const) {
    if (entry[name] !== undefined) throw new ConfigError(`${place}.${name} needs an sdkKey`);
  }
  if (datafile !== undefined) return { kind: 'file', path: resolve(base, datafile) };
  if (projectId !== undefined) return { kind: 'none' };
  throw new ConfigError(`${place} must have sdkKey, datafile, or projectId`);
}

function secretOf(where: SecretPlace, place: string, { base, env }: EntrySurroundings): string {
  const secret = 'env' in where ? env[where.env] : readSecret(resolve(base, where.file), place);
  const text = secret?.trim();
  if (!text) {
    throw new ConfigError(
      'env' in where
        ? `${place}: the environment variable ${where.env} is not set`
        : `${place}: the file ${where.file} is empty`,
    );
  }
  return text;
}

function readSecret(path: string, place: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    const { code = 'an error' } = error as { code?: string };
    throw new ConfigError(`${place}: the file ${path} can't be read (${code})`);
  }
}
