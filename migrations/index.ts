import { InitialSchema1790000000000 } from './1790000000000-initial-schema.js';
import { OwnLists1790000100000 } from './1790000100000-own-lists.js';
import { Alerts1790000200000 } from './1790000200000-alerts.js';
import { AuditAndCanary1790000300000 } from './1790000300000-audit-and-canary.js';
import { ContactFigures1790000400000 } from './1790000400000-contact-figures.js';

/** Every migration, oldest first. */
export const migrations = [
  InitialSchema1790000000000,
  OwnLists1790000100000,
  Alerts1790000200000,
  AuditAndCanary1790000300000,
  ContactFigures1790000400000,
];
