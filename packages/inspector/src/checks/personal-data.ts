// SPDX-License-Identifier: Apache-2.0

export type PersonalData = 'a mail address' | 'a phone number' | 'a card number';

const LONGEST_LOOKED_AT = 1_000;
const MAIL = /[^\s@<>"'(),:;[\]\\]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+/i;
/** International with its +, or with the separators that people write: a bare row of digits is more often an id. */
const PHONE =
  /^(?:\+\d[\d ().-]{6,18}\d|\(\d{2,5}\) ?\d[\d -]{4,12}\d|\d{3}[-. ]\d{3}[-. ]\d{4}|0\d{2,5}[-/ ]\d[\d -]{3,12}\d)$/;
const CARD = /(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d.-])/;
/** Visa, Mastercard, American Express, Discover, Diners Club, JCB: how numbers begin, and how long they are. */
const CARD_ISSUERS =
  /^(?:4(?:\d{15}|\d{18})|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|6(?:011|5\d\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14})$/;

/** Tells text that looks like personal data. Never certain. @returns what it looks like, undefined if like none */
export function lookalikeOf(text: string): PersonalData | undefined {
  const looked = text.length > LONGEST_LOOKED_AT ? text.slice(0, LONGEST_LOOKED_AT) : text;
  if (looked.includes('@') && MAIL.test(looked)) return 'a mail address';
  if (isCard(looked)) return 'a card number';
  return isPhone(looked.trim()) ? 'a phone number' : undefined;
}

function isCard(text: string): boolean {
  const digits = CARD.exec(text)?.[0].replace(/[ -]/g, '');
  return digits !== undefined && CARD_ISSUERS.test(digits) && hasCheckDigit(digits);
}

/** Luhn's rule. */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function isPhone(text: string): boolean {
  if (text.length > 22 || !PHONE.test(text)) return false;
  const digits = text.replace(/\D/g, '').length;
  return digits >= 8 && digits <= 15;
}
