// May a statement be signed? The rules of core/record/statement.h, all that do not hold instead of the first.
// ${book} is the codebook; ${rules} is { today: "2025-03-09", lookback: 5 }.

const QUESTIONS = [['finding', 'finding'], ['ongoing_now', 'ongoing'], ['left_during', 'left']];
const SUMMARY_MAX = 1000, NAME_MAX = 255, POSITION_MAX = 127, LIST_MAX = 8, DISCLOSURE_MAX = 4;

const pad2 = (number) => String(number).padStart(2, '0');
const DATE = /^(\d{4})(?:-(?:H([12])|Q([1-4])|(\d{2})(?:-(\d{2}))?))?$/;

// First and last day of "2019", "2019-H1", "2019-Q2", "2019-05", "2019-05-12" as texts that compare; null: it is none.
function period(text) {
	const match = DATE.exec(text);
	if (!match)
		return null;
	const [year, half, quarter, month, day] = match.slice(1).map(Number);
	if (year < 1850 || year > 2150)
		return null;
	const first = half ? half * 6 - 5 : quarter ? quarter * 3 - 2 : month || 1;
	const last = half ? half * 6 : quarter ? quarter * 3 : match[4] !== undefined ? month : 12;
	if (last < 1 || last > 12 || (match[4] !== undefined && month < 1))
		return null;
	const days = new Date(Date.UTC(year, last, 0)).getUTCDate();
	if (match[5] !== undefined && (day < 1 || day > days))
		return null;
	const isDay = match[5] !== undefined;
	return {
		first: year + '-' + pad2(first) + '-' + pad2(isDay ? day : 1),
		last: year + '-' + pad2(last) + '-' + pad2(isDay ? day : days),
		isDay,
	};
}

const shift = (day, days) => new Date(Date.parse(day + 'T00:00:00Z') + days * 86400000).toISOString().slice(0, 10);

// The day that lies ${years} years before, as a text that compares; there need not be such a day.
const yearsBefore = (day, years) => Number(day.slice(0, 4)) - years + day.slice(4);

const codeOf = (book, list, code) => book.lists[list].codes[code];
const means = (book, list, code, meaning) => (codeOf(book, list, code) || {}).means === meaning;

// Without what is empty.
function dense(object) {
	const out = {};
	for (const [key, value] of Object.entries(object)) {
		const inner = value && typeof value === 'object' && !Array.isArray(value) ? dense(value) : value;
		const isEmpty = inner === undefined || inner === '' || (Array.isArray(inner) && inner.length === 0) ||
			(inner && typeof inner === 'object' && !Array.isArray(inner) && Object.keys(inner).length === 0);
		if (!isEmpty)
			out[key] = inner;
	}
	return out;
}

// ${statement} is dense.
function judge(statement, book, rules) {
	const faults = [], tomorrow = shift(rules.today, 1);
	const fault = (field, rule) => faults.push({ field, rule });
	const isThere = (value) => value !== undefined && value !== '';

	// Single fields: true if it is there and in order.
	const text = (field, value, max, needed) => {
		if (!isThere(value))
			return needed && fault(field, 'missing') && false;
		if (utf8(value).length > max)
			fault(field, 'long');
		return true;
	};
	const code = (field, list, value, needed) => {
		if (!isThere(value))
			return needed && fault(field, 'missing') && false;
		if (!codeOf(book, list, value) && !(book.lists[list].nothing && codeOf(book, 'nothing', value)))
			return fault(field, 'code') && false;
		return true;
	};
	const codes = (field, list, values) => {
		if (!values || values.length === 0)
			fault(field, 'missing');
		else if (new Set(values).size < values.length)
			fault(field, 'twice');
		(values || []).forEach((value) => code(field, list, value, true));
	};
	const country = (field, value, needed) => {
		if (!isThere(value))
			return needed && fault(field, 'missing') && false;
		return book.countries.includes(value) || fault(field, 'code') && false;
	};
	const date = (field, value, needed) => {
		if (!isThere(value))
			return needed && fault(field, 'missing') && null;
		const read = period(value);
		if (read === null)
			fault(field, 'date');
		else if (read.first > tomorrow)
			fault(field, 'future');
		return read;
	};
	const order = (field, from, to) => from && to && to.last < from.first && fault(field, 'before');

	// Coverage and employment. Complete records know when, as what and where somebody worked.
	const employment = () => {
		const e = statement.employment || {}, c = statement.coverage || {};
		code('coverage.quality', 'coverage_quality', c.quality, true);
		const complete = means(book, 'coverage_quality', c.quality, 'complete');
		order('coverage.to', date('coverage.from', c.from, complete), date('coverage.to', c.to, complete));
		order('employment.to', date('employment.from', e.from, complete), date('employment.to', e.to, false));
		if (complete && !(e.positions || []).length)
			fault('employment.positions', 'missing');
		if (complete && !(e.duty_countries || []).length)
			fault('employment.duty_countries', 'missing');
		if ((e.positions || []).length > LIST_MAX)
			fault('employment.positions', 'long');
		if ((e.duty_countries || []).length > LIST_MAX)
			fault('employment.duty_countries', 'long');
		(e.positions || []).forEach((value) => text('employment.positions', value, POSITION_MAX, true));
		(e.duty_countries || []).forEach((value) => country('employment.duty_countries', value, true));
	};

	// The later of the two dates lies within the look-back. A process that runs now needs no such test.
	const dates = (at, d) => {
		const committed = date(at + 'committed', d.committed, false), concluded = date(at + 'concluded', d.concluded, false);
		order(at + 'concluded', committed, concluded);
		if (means(book, 'process_status', d.process_status, 'ongoing'))
			return concluded && fault(at + 'concluded', 'ongoing');
		const later = [committed, concluded].filter((read) => read).map((read) => read.last).sort().pop();
		if (later === undefined)
			return !isThere(d.committed) && !isThere(d.concluded) && fault(at + 'committed', 'date_needed');
		return rules.lookback > 0 && later < yearsBefore(rules.today, rules.lookback) && fault(at + 'committed', 'lookback');
	};

	const disclosure = (d, number) => {
		const at = 'disclosures.' + number + '.';
		codes(at + 'misconduct_type', 'misconduct_type', d.misconduct_type);
		code(at + 'involved_child', 'involved_child', d.involved_child, true);
		if (code(at + 'process_status', 'process_status', d.process_status, true) &&
		    means(book, 'process_status', d.process_status, 'undisclosable'))
			fault(at + 'process_status', 'undisclosable');
		dates(at, d);
		codes(at + 'sanction', 'sanction', d.sanction);
		code(at + 'referred_to_authorities', 'referred_to_authorities', d.referred_to_authorities, true);
		const referred = means(book, 'referred_to_authorities', d.referred_to_authorities, 'yes');
		country(at + 'referred_country', d.referred_country, referred);
		if (!referred && isThere(d.referred_country))
			fault(at + 'referred_country', 'only_referred');
		if (Array.from(d.factual_summary || '').length > SUMMARY_MAX)
			fault(at + 'factual_summary', 'long');
	};

	// A question is answered yes if, and only if, a disclosure of its kind is there.
	const agreement = () => {
		const list = statement.disclosures || [];
		list.forEach((d, number) => {
			const question = QUESTIONS.find(([, kind]) => means(book, 'process_status', d.process_status, kind));
			const isUndisclosable = means(book, 'process_status', d.process_status, 'undisclosable');
			if (isThere(d.process_status) && !isUndisclosable &&
			    !(question && means(book, 'answer', statement[question[0]], 'disclosure')))
				fault('disclosures.' + number + '.process_status', 'no_yes');
		});
		QUESTIONS.forEach(([field, kind]) => {
			if (means(book, 'answer', statement[field], 'disclosure') &&
			    !list.some((d) => means(book, 'process_status', d.process_status, kind)))
				fault(field, 'no_disclosure');
		});
	};

	const legalLimit = () => {
		const unable = QUESTIONS.some(([field]) => means(book, 'answer', statement[field], 'unable'));
		code('legal_limit_reason', 'legal_limit_reason', statement.legal_limit_reason, unable);
		const law = means(book, 'legal_limit_reason', statement.legal_limit_reason, 'law');
		country('legal_limit_country', statement.legal_limit_country, law);
		if (!unable && isThere(statement.legal_limit_reason))
			fault('legal_limit_reason', 'only_unable');
		if (!unable && isThere(statement.legal_limit_country))
			fault('legal_limit_country', 'only_unable');
	};

	code('identity_match', 'identity_match', statement.identity_match, true);
	if (means(book, 'identity_match', statement.identity_match, 'answers')) {
		employment();
		QUESTIONS.forEach(([field]) => code(field, 'answer', statement[field], true));
		if ((statement.disclosures || []).length > DISCLOSURE_MAX)
			fault('disclosures', 'long');
		(statement.disclosures || []).forEach(disclosure);
		agreement();
		legalLimit();
		code('right_of_reply', 'right_of_reply', statement.right_of_reply, false);
	} else {
		['employment', 'coverage', 'finding', 'ongoing_now', 'left_during', 'disclosures', 'legal_limit_reason',
			'legal_limit_country', 'right_of_reply'].forEach((field) => {
			if (statement[field] !== undefined)
				fault(field, 'not_answered');
		});
	}
	text('signer_name', statement.signer_name, NAME_MAX, true);
	code('signer_role', 'signer_role', statement.signer_role, true);
	const until = period(statement.valid_until || '');
	if (until === null || !until.isDay)
		fault('valid_until', 'date');
	else if (until.first < shift(rules.today, -1))
		fault('valid_until', 'before');
	return faults;
}
