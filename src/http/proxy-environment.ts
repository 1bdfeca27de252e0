// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/** A proxy that the environment names. */
export interface NamedProxy {
  /** The variable that names it: its value may hold a password. */
  readonly variable: string;
  readonly url: URL;
}

/** What a proxy variable says is no proxy. Its code is the variable's name, so that every log line has it. */
export class UnusableProxyError extends Error {
  override readonly name = 'UnusableProxyError';
  readonly code: string;
  readonly variable: string;

  constructor(variable: string) {
    super(`${variable} must be the URL of a proxy, as http://host:port; its value is not shown here`);
    this.variable = variable;
    this.code = variable.toUpperCase();
  }
}

const PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks:'];

/**
 * The proxy for a URL, as undici's EnvHttpProxyAgent finds it: the lower-case name wins, and HTTP_PROXY serves https too
 * where there is no other. As with curl, a value without a scheme means http.
 *
 * @returns undefined if the way is direct
 * @throws UnusableProxyError
 */
export function proxyFor(url: string, env: Environment): NamedProxy | undefined {
  const { protocol, hostname, port } = new URL(url);
  const found = (protocol === 'https:' && firstSet(env, 'https_proxy', 'HTTPS_PROXY')) || undefined;
  const { name, value } = found ?? firstSet(env, 'http_proxy', 'HTTP_PROXY') ?? {};
  if (name === undefined || value === undefined) return undefined;
  const noProxy = env.no_proxy ?? env.NO_PROXY ?? '';
  if (isExcepted(hostname, Number(port || (protocol === 'https:' ? 443 : 80)), noProxy)) return undefined;
  return { variable: name, url: parseProxy(name, value) };
}

/**
 * How the log names the way to a URL.
 *
 * @returns undefined if it is direct, or the variable names no proxy
 */
export function describeProxyFor(url: string, env: Environment): string | undefined {
  try {
    const proxy = proxyFor(url, env);
    return proxy && `the proxy ${proxy.url.host} of ${proxy.variable}`;
  } catch {
    return undefined;
  }
}

function firstSet(
  env: Environment,
  lower: string,
  upper: string,
): { name: string; value: string } | undefined {
  const name = env[lower] === undefined ? upper : lower;
  const value = env[name]?.trim();
  return value ? { name, value } : undefined;
}

function parseProxy(variable: string, value: string): URL {
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (!URL.canParse(text)) throw new UnusableProxyError(variable);
  const url = new URL(text);
  if (!PROTOCOLS.includes(url.protocol) || url.hostname === '') throw new UnusableProxyError(variable);
  return url;
}

/**
 * Whether NO_PROXY names a host: `example.com` and its subdomains (`.example.com` and `*.example.com` too), an address, a
 * network as `10.0.0.0/8`, each with a port if need be, or `*`.
 */
function isExcepted(hostname: string, port: number, noProxy: string): boolean {
  const host = hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .some(entry => entry !== '' && isNamed(host, port, entry));
}

function isNamed(host: string, port: number, entry: string): boolean {
  if (entry === '*') return true;
  const [, name = entry, ofPort] = (isIP(entry) === 0 && /^(.+):(\d+)$/.exec(entry)) || [];
  if (ofPort !== undefined && Number(ofPort) !== port) return false;
  const domain = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
  if (isIP(host) === 0) return host === domain || host.endsWith(`.${domain}`);
  return isInNetwork(host, domain);
}

function isInNetwork(address: string, network: string): boolean {
  const [base = '', prefix] = network.split('/');
  const family = isIP(base);
  if (family === 0) return false;
  const longest = family === 4 ? 32 : 128;
  const length = prefix === undefined ? longest : Number(prefix);
  if (!Number.isInteger(length) || length < 0 || length > longest) return false;
  const list = new BlockList();
  list.addSubnet(base, length, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}
