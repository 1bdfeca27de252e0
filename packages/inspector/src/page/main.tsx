// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { App } from './app.js';
import { handleKeys } from './state/keys.js';
import { Store, StoreProvider } from './state/store.js';

const store = new Store();
const root = document.getElementById('page');
if (root !== null) {
  render(
    <StoreProvider value={store}>
      <App />
    </StoreProvider>,
    root,
  );
}
handleKeys(store);
store.start();
