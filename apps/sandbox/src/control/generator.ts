import { pick, type Random } from '../random.js';

/** A generated person. */
export interface Person {
  readonly firstName: string;
  readonly lastName: string;
  readonly emails: readonly string[];
  readonly phone: string | undefined;
}

type Words = readonly [string, ...string[]];

const cyrillicFirst: Words = [
  'Анна',
  'Иван',
  'Мария',
  'Пётр',
  'Ольга',
  'Сергей',
  'Юлия',
  'Дмитрий',
  'Екатерина',
  'Алексей',
  'Жанна',
  'Фёдор',
];
const cyrillicLast: Words = ['Иванова', 'Смирнов', 'Кузнецова', 'Щукин', 'Ёлкина', 'Попов', 'Соколова', 'Лебедев', 'Новикова', 'Козлов'];
const latinFirst: Words = ['Sam', 'Jane', 'José', 'Zoë', 'Peter', 'Ana', 'Björn', 'Aylin', "D'Arcy", 'Lucas', 'Chloé', 'Tomáš'];
const latinLast: Words = ['Parker', 'Doe', 'García', 'Müller', "O'Neill", 'Silva', 'Kowalski', 'Smith-Jones', 'Yılmaz', 'Novák'];
const emoji: Words = ['🚀', '🌸', '⭐', '👩‍💻', '🔥'];
const domains: Words = ['example.com', 'example.org', 'mail.example.net', 'пример.рф', 'shop.example'];
const invalid: Words = ['444', 'нет', 'no@', '@example.com', 'two words@example.com', 'a..b@example.com', 'x@y', '-'];

/** Cumulative shares of people with none, one, two and three addresses. */
const addressShares = [0.1, 0.65, 0.9, 1];
const emojiShare = 0.03;
const sharedShare = 0.02;
const invalidShare = 0.02;
const phoneShare = 0.6;

/** Generates a person. `index` makes the addresses unique; a few addresses are shared on purpose. */
export function generatePerson(random: Random, index: number, tag: string): Person {
  const cyrillic = random() < 0.6;
  const mark = random() < emojiShare ? ` ${pick(random, emoji)}` : '';
  const draw = random();
  const count = addressShares.findIndex((share) => draw < share);
  return {
    firstName: pick(random, cyrillic ? cyrillicFirst : latinFirst),
    lastName: pick(random, cyrillic ? cyrillicLast : latinLast) + mark,
    emails: Array.from({ length: Math.max(0, count) }, (_, place) => generateAddress(random, index, place, tag)),
    phone: random() < phoneShare ? `+7926${String(Math.floor(random() * 1e7)).padStart(7, '0')}` : undefined,
  };
}

function generateAddress(random: Random, index: number, place: number, tag: string): string {
  const draw = random();
  if (draw < invalidShare) return pick(random, invalid);
  if (draw < invalidShare + sharedShare) return `family${Math.floor(index / 50)}.${tag}@example.com`;
  const plus = random() < 0.05 ? '+crm' : '';
  const name = `p${index}.${place}.${tag}${plus}`;
  return `${random() < 0.1 ? name.toUpperCase() : name}@${pick(random, domains)}`;
}
