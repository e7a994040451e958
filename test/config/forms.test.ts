/** What a form is told of a setting agrees with the schema that checks it. */
import { describe, expect, test } from 'vitest';
import { SETTING_FORMS, SETTING_GROUPS, type SettingField } from '../../src/config/forms.ts';
import { SETTINGS, type SettingName } from '../../src/config/schema.ts';

const NAMES = Object.keys(SETTINGS) as SettingName[];

function takes(name: SettingName, value: unknown): boolean {
  return SETTINGS[name].type.safeParse(value).success;
}

/** Values that the field lets in, and values that it keeps out. */
function samplesOf(field: SettingField): { good: unknown[]; bad: unknown[] } {
  switch (field.kind) {
    case 'number':
    case 'duration': {
      const { min, max, above, whole } = field;
      const good = [min ?? 1, ...(max === null ? [1e6] : [max]), ...(whole ? [] : [0.5])];
      const bad = [min === null ? above : min - 1, ...(max === null ? [] : [max + 1]), ...(whole ? [1.5] : [])];
      return { good: good.filter((value) => above === null || value > above), bad };
    }
    case 'choice':
      return { good: [...field.choices], bad: ['none of these'] };
    case 'boolean':
      return { good: [true, false], bad: ['perhaps'] };
    case 'list':
      return { good: [[]], bad: [7] };
    case 'text':
      return { good: [], bad: [7, true] };
  }
}

describe('every setting', () => {
  test.each(NAMES)('%s is in a group, and its limits are those of its schema', (name) => {
    const { group, field } = SETTING_FORMS[name];
    expect(SETTING_GROUPS).toContain(group);
    const { good, bad } = samplesOf(field);
    expect(good.filter((value) => !takes(name, value))).toEqual([]);
    expect(bad.filter((value) => takes(name, value))).toEqual([]);
  });

  test('that has the name of a secret is one', () => {
    const named = NAMES.filter((name) => /key|password|secret|token/i.test(name));
    expect(named).toEqual(['openaiKey']);
    expect(named.filter((name) => !SETTING_FORMS[name].secret)).toEqual([]);
  });

  test('that says where data is kept, who can come in or what can be reached is not changed from a browser', () => {
    const refused = NAMES.filter((name) => typeof SETTING_FORMS[name].change === 'object');
    expect(refused.sort()).toEqual(
      ['allowPrivateHooks', 'allowedHosts', 'cacheDir', 'dataDir', 'databaseUrl', 'host', 'port'].sort(),
    );
  });
});
