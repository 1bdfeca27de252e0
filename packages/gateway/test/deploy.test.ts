// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import { parse, parseAllDocuments } from 'yaml';
import { skip } from '../../../test/support/skip.js';
import { readFlags } from '../src/cli/read-flags.js';
import { collector } from './senders/toolbox.js';

const DEPLOY = fileURLToPath(new URL('../deploy', import.meta.url));
const MODELS: Readonly<Record<string, new (data: object) => { validate(): void }>> = {
  Service,
  PodDisruptionBudget,
  StatefulSet,
  Deployment,
};
const COLLECTOR_FILES = filesIn('collector');
/** Exporters of what is not for the gateway. */
const OF_OTHERS = ['otlphttp/tracing', 'otlphttp/logging'];
/** To the receivers, of the same Collector, that stand before queues on disk. */
const TO_QUEUES = 'otlphttp/queues';
const read = (path: string) => readFileSync(join(DEPLOY, path), 'utf8');

function filesIn(folder: string): string[] {
  return readdirSync(join(DEPLOY, folder)).map(name => `${folder}/${name}`);
}

function validate(path: string) {
  const { status, stderr } = spawnSync(collectorBinary(), ['validate', '--config', path], {
    encoding: 'utf8',
  });
  return { status, stderr };
}
const collectorBinary = () => join(collector.folder, 'build/otelcol');

describe('deploy/', () => {
  describe('Collector configurations', () => {
    for (const file of COLLECTOR_FILES) {
      it(`${file} is one that the Collector accepts`, function () {
        if (!collector.isInstalled) skip(this, 'no Collector; build one with `npm run collector:build`');
        expect(validate(join(DEPLOY, file))).to.deep.equal({ status: 0, stderr: '' });
      });

      it(`${file} uses each component that it configures, and configures each that it uses`, () => {
        const { service, ...sections } = parse(read(file)) as Config;
        const pipelines = Object.values(service.pipelines);
        for (const kind of ['receivers', 'processors', 'exporters'] as const) {
          const used = new Set(pipelines.flatMap(pipeline => pipeline[kind] ?? []));
          expect([...used], kind).to.have.members(Object.keys(sections[kind] ?? {}));
        }
        expect(service.extensions ?? []).to.have.members(Object.keys(sections.extensions ?? {}));
      });

      it(`${file} never gives an experiment event up, and never drops one for want of room`, () => {
        const { exporters = {}, service } = parse(read(file)) as Config;
        const carriers = Object.keys(exporters).filter(
          name => !OF_OTHERS.includes(name) && name !== TO_QUEUES,
        );
        expect(carriers).to.have.length(1);
        for (const name of carriers) {
          const { retry_on_failure: retry, sending_queue: queue } = exporters[name] as Exporter;
          expect(retry).to.deep.equal({ enabled: true, max_elapsed_time: 0 });
          // Without a queue, the receiver marks a message only after the exporter has its receipt.
          if (queue.enabled) expect(queue).to.include({ storage: 'file_storage', block_on_overflow: true });
          else expect(file).to.equal('collector/kafka-to-gateway.yaml');
        }
        const carrying = Object.values(service.pipelines).filter(({ exporters: list = [] }) =>
          list.some(name => carriers.includes(name) || name === TO_QUEUES),
        );
        expect(
          carrying.flatMap(({ processors = [] }) => processors).filter(name => /sampl|batch/.test(name)),
        ).to.deep.equal([]);
      });

      it(`${file} lets no event into a queue on disk that is still being read, and none wait before it`, () => {
        const { exporters = {}, service } = parse(read(file)) as Config;
        const pipelines = Object.values(service.pipelines);
        const onDisk = Object.keys(exporters).filter(
          name => (exporters[name] as Partial<Exporter>).sending_queue?.storage !== undefined,
        );
        // A receiver of two signals listens when the exporters of one of them have started.
        for (const { receivers = [] } of pipelines.filter(({ exporters: list = [] }) =>
          list.some(name => onDisk.includes(name)),
        ))
          for (const name of receivers)
            expect(
              pipelines.filter(({ receivers: list = [] }) => list.includes(name)),
              name,
            ).to.have.length(1);
        if (onDisk.length > 0)
          expect(exporters[TO_QUEUES]).to.deep.include({
            sending_queue: { enabled: false },
            retry_on_failure: { enabled: false },
          });
      });

      it(`${file} answers senders whatever becomes of what is not for the gateway`, () => {
        const { service } = parse(read(file)) as Config;
        const ofOthers = Object.values(service.pipelines).filter(({ exporters = [] }) =>
          exporters.some(name => OF_OTHERS.includes(name)),
        );
        for (const { processors = [] } of ofOthers)
          expect(processors.at(-1), 'takes what it is given, and tells no error behind it').to.be.oneOf([
            'batch',
            'tail_sampling',
          ]);
      });
    }

    it('services reach the first Collector on their own machine as OTLP has it, over gRPC and HTTP', () => {
      for (const file of ['collector/agent.yaml', 'collector/agent-to-kafka.yaml']) {
        const { otlp } = (parse(read(file)) as Config).receivers as { otlp: OtlpReceiver };
        expect(otlp.protocols.grpc?.endpoint, file).to.match(/:-127\.0\.0\.1:4317\}$/);
        expect(otlp.protocols.http?.endpoint, file).to.match(/:-127\.0\.0\.1:4318\}$/);
      }
    });

    it('a message stays below what Kafka takes, and all replicas that are in step have it', () => {
      const { exporters = {} } = parse(read('collector/agent-to-kafka.yaml')) as Config;
      const { sending_queue: queue, producer, timeout } = exporters.kafka as KafkaExporter;
      expect(queue.batch.sizer).to.equal('bytes');
      // With the exporter's own default, which the file leaves as it is; the rest is for what surrounds the message.
      expect(queue.batch.max_size).to.be.at.most(0.95 * (producer.max_message_bytes ?? 1_000_000));
      expect(producer.required_acks).to.equal(-1);
      expect(timeout, 'longer than an election').to.equal('60s');
    });

    it('a message is marked as read after its receipt, and for nothing else', () => {
      const { receivers, exporters = {} } = parse(read('collector/kafka-to-gateway.yaml')) as Config;
      const { kafka } = receivers as { kafka: KafkaReceiver };
      expect(kafka.message_marking).to.deep.equal({
        after: true,
        on_error: false,
        on_permanent_error: false,
      });
      expect(kafka.error_backoff).to.include({ enabled: true, max_elapsed_time: 0 });
      expect(kafka.initial_offset).to.equal('earliest');
      expect((exporters.otlphttp as Exporter).sending_queue).to.deep.equal({ enabled: false });
    });

    it('the Collector does refuse what is wrong', function () {
      if (!collector.isInstalled) skip(this, 'no Collector; build one with `npm run collector:build`');
      const wrong = read('collector/agent.yaml').replace('IsMatch(name', 'IsMutch(name');
      const { status } = spawnSync(collectorBinary(), ['validate', '--config', `yaml:${wrong}`], {
        encoding: 'utf8',
      });
      expect(status).to.equal(1);
    });
  });

  describe('the image', () => {
    const dockerfile = read('Dockerfile');

    it('installs without scripts, runs as a user that is not root, and starts no shell', () => {
      const stages = dockerfile.split(/^FROM /m).slice(1);
      const last = stages.at(-1) ?? '';
      expect(dockerfile).to.match(/npm install [^\n]*--ignore-scripts/);
      expect(last).to.match(/^\S+distroless\S+:nonroot$/m);
      expect(last).to.match(/^USER nonroot$/m);
      const entrypoint = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(last)?.[1] ?? '[]') as string[];
      expect(entrypoint.slice(0, 2)).to.deep.equal([
        '/nodejs/bin/node',
        `node_modules/${packageOf('name')}/${Object.values(packageOf('bin') as Record<string, string>)[0]?.replace('./', '')}`,
      ]);
    });

    it('has a folder of its user for each volume of the Compose file: a new volume takes the owner of what it is mounted on', () => {
      const { services, volumes } = parse(read('compose.yaml')) as {
        services: { gateway: { user: string; volumes: string[]; command: string[] } };
        volumes: object;
      };
      const { user, volumes: mounts, command } = services.gateway;
      const folders = mounts.map(mount => mount.split(':')).filter(([name = '']) => name in volumes);
      expect(folders).to.have.length(1);
      for (const [, folder] of folders) {
        expect(dockerfile).to.match(
          new RegExp(`^COPY --from=install --chown=${user} /store ${folder}$`, 'm'),
        );
        expect(command[command.indexOf('--store') + 1]).to.equal(folder);
      }
      expect(dockerfile).to.match(/^ && mkdir \/store$/m);
    });

    it('is run with a read-only root file system and without privileges by the Compose file', () => {
      const { services } = parse(read('compose.yaml')) as { services: { gateway: Record<string, unknown> } };
      expect(services.gateway).to.include({ read_only: true, user: '65532:65532' });
      expect(services.gateway.cap_drop).to.deep.equal(['ALL']);
    });
  });

  describe('Kubernetes manifests', () => {
    for (const file of filesIn('kubernetes')) {
      const documents = parseAllDocuments(read(file)).map(document => {
        expect(document.errors).to.deep.equal([]);
        return document.toJS() as Manifest;
      });
      const workload = documents.find(
        ({ kind }) => kind === 'StatefulSet' || kind === 'Deployment',
      ) as Manifest;
      const { spec } = workload.spec.template;
      const [container] = spec.containers;

      it(`${file} is what Kubernetes' own schemas allow`, () => {
        for (const document of documents) {
          const Model = MODELS[document.kind];
          if (Model === undefined) throw new Error(`no schema of ${document.kind}`);
          expect(document).to.include(new Model({}));
          expect(() => new Model(document).validate(), document.kind).to.not.throw();
          expect(() =>
            new Model({ ...document, spec: { ...document.spec, selector: 5 } }).validate(),
          ).to.throw();
        }
      });

      it(`${file} selects the pods that it makes`, () => {
        const { labels } = workload.spec.template.metadata;
        for (const { kind, spec: other } of documents) {
          const selected = kind === 'Service' ? other.selector : other.selector.matchLabels;
          expect(labels, kind).to.include(selected);
        }
        expect(documents.map(({ kind }) => kind)).to.include.members(['Service', 'PodDisruptionBudget']);
      });

      it(`${file} asks the gateway for its health, and leaves it time for its receipts`, () => {
        expect(container?.readinessProbe.httpGet.path).to.equal('/readyz');
        expect(container?.livenessProbe.httpGet.path).to.equal('/healthz');
        const seconds = container?.lifecycle.preStop.sleep.seconds ?? 0;
        expect(seconds, 'for requests that are on their way').to.be.within(3, 10);
        expect(spec.terminationGracePeriodSeconds - seconds).to.be.at.least(20);
      });

      it(`${file} runs without root, privileges or a writable root file system`, () => {
        expect(spec.securityContext).to.include({ runAsNonRoot: true });
        expect(container?.securityContext).to.deep.equal({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      });

      it(`${file} mounts what it names, and has a volume exactly where there is a store`, () => {
        const claims = workload.spec.volumeClaimTemplates ?? [];
        const volumes = [...spec.volumes, ...claims.map(({ metadata }) => metadata)].map(({ name }) => name);
        expect(container?.volumeMounts.map(({ name }) => name)).to.have.members(volumes);
        const store = container?.args[container.args.indexOf('--store') + 1];
        const hasStore = container?.args.includes('--store') === true;
        expect(hasStore).to.equal(workload.kind === 'StatefulSet');
        if (hasStore) expect(container?.volumeMounts.map(({ mountPath }) => mountPath)).to.include(store);
      });

      it(`${file} uses most of the volume that it asks for, and starts with its arguments`, () => {
        const [claim] = workload.spec.volumeClaimTemplates ?? [];
        const { store, maxStoreBytes } = readFlags([...(container?.args ?? [])], {});
        expect(store === undefined).to.equal(claim === undefined);
        if (claim === undefined) return;
        const [, digits] = /^(\d+)Gi$/.exec(claim.spec.resources.requests.storage) ?? [];
        expect((maxStoreBytes ?? 0) / (Number(digits) * 2 ** 30)).to.be.within(0.7, 0.9);
      });
    }
  });
});

function packageOf(member: 'name' | 'bin'): unknown {
  return JSON.parse(readFileSync(join(DEPLOY, '../package.json'), 'utf8'))[member];
}

interface Exporter {
  retry_on_failure: object;
  sending_queue: { enabled: boolean; storage?: string };
}
interface KafkaExporter extends Exporter {
  sending_queue: { enabled: boolean; batch: { sizer: string; max_size: number } };
  timeout: string;
  producer: { required_acks: number; max_message_bytes?: number };
}
interface OtlpReceiver {
  protocols: Record<string, { endpoint: string } | undefined>;
}
interface KafkaReceiver {
  message_marking: object;
  error_backoff: object;
  initial_offset: string;
}
interface Pipeline {
  receivers?: string[];
  processors?: string[];
  exporters?: string[];
}
interface Config {
  receivers?: object;
  processors?: object;
  exporters?: Record<string, unknown>;
  extensions?: object;
  service: { extensions?: string[]; pipelines: Record<string, Pipeline> };
}
interface Named {
  name: string;
}
interface Manifest {
  kind: string;
  spec: {
    selector: Record<string, string> & { matchLabels: object };
    volumeClaimTemplates?: { metadata: Named; spec: { resources: { requests: { storage: string } } } }[];
    template: {
      metadata: { labels: object };
      spec: {
        terminationGracePeriodSeconds: number;
        securityContext: object;
        volumes: Named[];
        containers: {
          args: string[];
          lifecycle: { preStop: { sleep: { seconds: number } } };
          readinessProbe: { httpGet: { path: string } };
          livenessProbe: { httpGet: { path: string } };
          securityContext: object;
          volumeMounts: (Named & { mountPath: string })[];
        }[];
      };
    };
  };
}
