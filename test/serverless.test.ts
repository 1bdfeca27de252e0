// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { FunctionInstance } from '../examples/serverless/platform.js';
import { Endpoint } from './exit/endpoint.js';

/** The functions of examples/serverless, in a process that is stopped between invocations. */
for (const name of ['lambda', 'wait-until'] as const) {
  describe(`${name}, a function that is frozen between invocations`, () => {
    let endpoint: Endpoint;
    let instance: FunctionInstance;
    let invocations = 0;

    // One for all tests, as a platform does.
    before(async () => {
      endpoint = await new Endpoint().open();
      instance = await FunctionInstance.start(name, endpoint.url);
    });

    after(async () => {
      await instance.dispose();
      await endpoint.close();
    });

    function invoke() {
      invocations++;
      return instance.invoke({ path: '/checkout', visitorId: 'visitor' });
    }

    function expectDelivered(): void {
      expect(endpoint.uuids).to.have.length(invocations);
      expect(new Set(endpoint.uuids)).to.have.property('size', invocations);
    }

    it('has delivered what it recorded when it is frozen', async () => {
      for (let count = 0; count < 3; count++) {
        const { answered, frozen } = await invoke();
        expect(answered.pending).to.equal(name === 'lambda' ? 0 : 1);
        expect(frozen).to.deep.include({ recorded: invocations, delivered: invocations, pending: 0 });
        expectDelivered();
      }
    });

    it('delivers though its connections were closed while it was frozen', async () => {
      for (let count = 0; count < 3; count++) {
        await invoke();
        expect(endpoint.connections).to.not.have.property('size', 0);
        for (const socket of endpoint.connections) socket.resetAndDestroy();
      }
      const { frozen } = await invoke();
      expect(frozen).to.deep.include({ delivered: invocations, pending: 0 });
      expectDelivered();
    });

    it('delivers in a later invocation what it could not in this one', async () => {
      endpoint.answer = () => ({ status: 503 });
      const { frozen: failed } = await invoke();
      expect(failed).to.deep.include({ delivered: invocations - 1, pending: 1, dropped: {} });
      endpoint.answer = () => ({ status: 204 });
      const { frozen } = await invoke();
      expect(frozen).to.deep.include({ delivered: invocations, pending: 0 });
      expectDelivered();
    });

    it('may be killed while it is frozen', async () => {
      await invoke();
      await instance.dispose();
      expectDelivered();
    });
  });
}
