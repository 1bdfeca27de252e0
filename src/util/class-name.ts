// SPDX-License-Identifier: Apache-2.0

const CLASS_NAME = /^[A-Za-z_$][\w$]{0,60}$/;

/** @returns the name of an object's class; `''` for a plain object, and where it can't be read or is not a name */
export function classNameOf(object: object): string {
  try {
    const { name } = object.constructor;
    return CLASS_NAME.test(name) && name !== 'Object' ? name : '';
  } catch {
    return '';
  }
}
