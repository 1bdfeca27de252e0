// SPDX-License-Identifier: Apache-2.0
import {
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { CLIENT_NAME, CLIENT_VERSION } from '../util/version.js';
import { refuseWrongPlaces } from '../util/wrong-place.js';
import { ClientInstrumenter } from './client-instrumenter.js';
import {
  OPTIMIZELY_INSTRUMENTATION,
  type OptimizelyInstrumentationConfig,
} from './instrumentation-config.js';
import { PatchedExports } from './patched-exports.js';
import type { SdkExports } from './sdk-shapes.js';

const SDK = '@optimizely/optimizely-sdk';
const VERSIONS = ['>=5.0.0 <7'];

/** What the subpaths `/node`, `/universal` and `/lite` load. The SDK's main file is one of them, by another name. */
const FILES = [
  'index.node.min.js',
  'index.node.es.min.mjs',
  'index.universal.min.js',
  'index.universal.es.min.js',
  'optimizely.node.min.js',
  'optimizely.lite.min.js',
];

/**
 * Instruments Optimizely's own SDK (`@optimizely/optimizely-sdk`, versions 5 and 6): the events of the clients that
 * `createInstance` returns become span events on the active span and go to the installed `OptimizelySpanProcessor`.
 * The application's code stays as it is.
 *
 * ```ts
 * new NodeSDK({
 *   spanProcessors: [new OptimizelySpanProcessor({ sdkKey })],
 *   instrumentations: [new OptimizelyInstrumentation()],
 * }).start();
 * ```
 *
 * Load it before the SDK, and for ES modules with OpenTelemetry's loader hook, as for every instrumentation.
 *
 * An event goes to the processors whose datafile is of the event's project: to those that own the active span, or else
 * to all of them. An event that no processor takes goes the SDK's own way, as do all events after `disable()`.
 * `enable()` instruments the existing clients again. Closing a client flushes the processors.
 */
export class OptimizelyInstrumentation extends InstrumentationBase<OptimizelyInstrumentationConfig> {
  readonly #patched: PatchedExports;

  /** @throws TypeError if the argument is not options */
  constructor(config: OptimizelyInstrumentationConfig = {}) {
    const { options, logger } = takeOptions<OptimizelyInstrumentationConfig>(
      OPTIMIZELY_INSTRUMENTATION,
      config,
    );
    const resolved = resolveOptions(OPTIMIZELY_INSTRUMENTATION.table, options, logger);
    // Enabled below: the SDK may be loaded already, and is patched at once then, by members that exist only from here on.
    super(CLIENT_NAME, CLIENT_VERSION, { enabled: false });
    refuseWrongPlaces(this, 'OptimizelyInstrumentation', logger);
    this.setConfig(resolved);
    const instrumenter = new ClientInstrumenter({
      isEnabled: () => this.isEnabled(),
      replacesEventDispatcher: () => this.getConfig().replaceEventDispatcher === true,
      logger,
    });
    this.#patched = new PatchedExports(instrumenter, logger);
    if (resolved.enabled) this.enable();
  }

  /** Instruments clients that are made from now on, and those that were instrumented before `disable()`. */
  override enable(): void {
    super.enable();
    this.#patched.patchAgain();
  }

  /** Leaves all events to the SDK from now on, those of existing clients too. */
  override disable(): void {
    super.disable();
    this.#patched.restore();
  }

  protected override init(): InstrumentationNodeModuleDefinition[] {
    const patch = (exports: SdkExports): SdkExports => {
      this.#patched.patch(exports);
      return exports;
    };
    const files = FILES.map(
      file => new InstrumentationNodeModuleFile(`${SDK}/dist/${file}`, VERSIONS, patch, () => {}),
    );
    return [new InstrumentationNodeModuleDefinition(SDK, VERSIONS, patch, () => {}, files)];
  }
}
