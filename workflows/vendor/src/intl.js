// quickjs-ng has no Intl, and feelin's dates want one. UTC, fixed offsets and China's zones are enough: no zone but
// these is known (Asia/Shanghai has had no change of offset since 1991), any other name is a RangeError.
// The clock is ours too: now() and today() answer only when the caller gave an instant (main.js sets it).
const ZONES = [[/^(?:UTC|GMT|Etc\/UTC)$/i, 0], [/^Asia\/(?:Shanghai|Chongqing|Hong_Kong|Taipei|Macau)$/i, 480]];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
  'November', 'December'];

class DateTimeFormat {
  constructor(locale, options = {}) {
    this.options = options;
    this.timeZone = options.timeZone || 'Asia/Shanghai';
    const zone = ZONES.find(([names]) => names.test(this.timeZone));
    if (!zone) throw new RangeError(`unknown time zone: ${this.timeZone}`);
    this.minutes = zone[1];
  }
  local(date) { return new Date((date === undefined ? Date.now() : +date) + this.minutes * 60000); }
  resolvedOptions() {
    return { locale: 'zh-CN', numberingSystem: 'latn', calendar: 'gregory', timeZone: this.timeZone };
  }
  name(date) {
    if (this.options.weekday) return ['weekday', DAYS[date.getUTCDay()]];
    if (this.options.month === 'long' && !this.options.day) return ['month', MONTHS[date.getUTCMonth()]];
    return null;
  }
  formatToParts(value) {
    const date = this.local(value);
    const part = ([type, text]) => ({ type, value: String(text) });
    const name = this.name(date);
    if (name) return [part(name)];
    const year = date.getUTCFullYear();
    return [['month', date.getUTCMonth() + 1], ['literal', '/'], ['day', date.getUTCDate()], ['literal', '/'],
      ['year', year > 0 ? year : 1 - year], ['literal', ' '], ['era', year > 0 ? 'AD' : 'BC'], ['literal', ', '],
      ['hour', date.getUTCHours()], ['literal', ':'], ['minute', date.getUTCMinutes()], ['literal', ':'],
      ['second', date.getUTCSeconds()]].map(part);
  }
  format(value) {
    const date = this.local(value);
    const name = this.name(date);
    return name ? name[1] : date.toISOString();
  }
  static supportedLocalesOf() { return ['zh-CN']; }
}
class NumberFormat {
  format(number) { return String(number); }
  resolvedOptions() { return { numberingSystem: 'latn', locale: 'zh-CN' }; }
}
globalThis.Intl = { DateTimeFormat, NumberFormat };
globalThis.clock = { now: null };
Date.now = () => {
  if (globalThis.clock.now === null) throw new Error('NO_CLOCK');
  return globalThis.clock.now;
};
