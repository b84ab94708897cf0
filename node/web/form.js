// The form: built from the codebook, read back as a statement (data dictionary, part b). Text from outside becomes text nodes only.

const PERSON_KNOWN = 'identity_match';
const form = { values: new Map(), disclosures: 1, positions: 1, countries: 1 };

// An element with attributes, and children that are elements or text.
function el(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (name === 'onclick')
			element.addEventListener('click', value);
		else if (value === true || value === false)
			element.toggleAttribute(name, value);
		else if (value !== undefined && value !== null)
			element.setAttribute(name, value);
	}
	element.append(...children.filter((child) => child !== null && child !== undefined));
	return element;
}

const idOf = (name) => 'f-' + name.replace(/\./g, '-');
const valueOf = (name) => form.values.get(name) || '';
const listOf = (name) => form.values.get(name) || [];

// What is typed is kept by name, so that another language or another disclosure can be drawn at any moment.
function keep(event) {
	const input = event.target;
	if (!input.name)
		return;
	if (input.type === 'checkbox') {
		const chosen = new Set(listOf(input.name));
		chosen[input.checked ? 'add' : 'delete'](input.value);
		form.values.set(input.name, [...chosen]);
	} else {
		form.values.set(input.name, input.value);
	}
	if (input.type === 'radio' || input.type === 'checkbox' || input.tagName === 'SELECT')
		showWhatApplies();
}

function labelOf(list, code) {
	const entry = code === null ? book.lists[list].label : book.lists[list].codes[code] || book.lists.nothing.codes[code];
	return entry ? entry[language] || entry.en : code;
}

function codesOf(list, without = []) {
	const own = Object.keys(book.lists[list].codes), nothing = book.lists[list].nothing ? Object.keys(book.lists.nothing.codes) : [];
	return [...own, ...nothing].filter((code) => !without.includes(code));
}

const hintOf = (name, hint) => hint && el('p', { class: 'hint', id: idOf(name) + '-hint' }, hint);
const needs = (name, hint) => ({ 'aria-describedby': hint ? idOf(name) + '-hint' : null });

// Several answers of which one (radio) or any number (checkbox) is given.
function choices(name, kind, list, title, { hint, without } = {}) {
	const held = kind === 'radio' ? [valueOf(name)] : listOf(name);
	const field = el('fieldset', { class: 'field', id: idOf(name), tabindex: '-1', ...needs(name, hint) },
		el('legend', {}, title), hintOf(name, hint));
	codesOf(list, without).forEach((code) => field.append(el('label', { class: 'choice' },
		el('input', { type: kind, name, value: code, checked: held.includes(code) }),
		el('span', {}, labelOf(list, code)))));
	return field;
}

// One line, or several.
function line(name, title, { hint, short, tall, rows, max, autocomplete } = {}) {
	const common = { id: idOf(name), name, maxlength: max || 255, autocomplete: autocomplete || 'off', ...needs(name, hint) };
	const control = rows ? el('textarea', { ...common, rows, class: tall ? 'tall' : null, dir: 'auto' }) :
		el('input', { ...common, type: 'text', class: short ? 'short' : null, dir: short ? 'ltr' : 'auto' });
	control.value = valueOf(name);
	return el('div', { class: 'field' }, el('label', { for: idOf(name) }, title), hintOf(name, hint), control);
}

const dateLine = (name, title) => line(name, title, { hint: w('date_hint'), short: true, max: 10 });

function countrySelect(name, title) {
	const select = el('select', { id: idOf(name), name, 'aria-label': null }, el('option', { value: '' }, w('choose')));
	countryNames().forEach(([code, words]) => select.append(el('option', { value: code, selected: valueOf(name) === code }, words)));
	return el('div', { class: 'field' }, el('label', { for: idOf(name) }, title), select);
}

// The names of countries come with the browser, in its order of letters.
function countryNames() {
	let names = null;
	try {
		names = new Intl.DisplayNames([language], { type: 'region' });
	} catch (error) {
		names = null;
	}
	return data.countries.trim().split('\n').map((row) => row.split('\t'))
		.map(([code, two]) => [code, names ? names.of(two) : code])
		.sort((a, b) => a[1].localeCompare(b[1], language));
}

// A field that may come several times: "employment.positions.0", ".1" …
function repeated(name, key, make) {
	const box = el('div', { id: idOf(name), tabindex: '-1' });
	for (let i = 0; i < form[key]; i++)
		box.append(make(name + '.' + i, i));
	if (form[key] < LIST_MAX)
		box.append(el('button', { type: 'button', class: 'screen', onclick: () => {
			form[key]++;
			draw();
			focusOn(idOf(name + '.' + (form[key] - 1)));
		} }, w('add_another')));
	return box;
}

function disclosureFields(number) {
	const at = 'disclosures.' + number + '.';
	const remove = form.disclosures > 1 && el('button', { type: 'button', onclick: () => removeDisclosure(number) }, w('remove'));
	return el('fieldset', { class: 'inner field' }, el('legend', {}, w('disclosure_number', number + 1)),
		choices(at + 'misconduct_type', 'checkbox', 'misconduct_type', labelOf('misconduct_type', null)),
		choices(at + 'involved_child', 'radio', 'involved_child', labelOf('involved_child', null)),
		dateLine(at + 'committed', w('committed')),
		choices(at + 'process_status', 'radio', 'process_status', labelOf('process_status', null), { hint: w('status_hint'),
			without: codesOf('process_status').filter((code) => means(book, 'process_status', code, 'undisclosable')) }),
		dateLine(at + 'concluded', w('concluded')),
		choices(at + 'sanction', 'checkbox', 'sanction', labelOf('sanction', null)),
		choices(at + 'referred_to_authorities', 'radio', 'referred_to_authorities', labelOf('referred_to_authorities', null)),
		el('div', { 'data-if': at + 'referred', class: 'onpaper' }, countrySelect(at + 'referred_country', w('referred_country'))),
		line(at + 'factual_summary', w('summary'), { hint: w('summary_hint'), rows: 6, tall: true, max: SUMMARY_MAX }),
		remove || null);
}

// Those after the removed one move up.
function removeDisclosure(number) {
	const moved = new Map();
	for (const [name, value] of form.values) {
		const [, index, rest] = /^disclosures\.(\d)\.(.*)/.exec(name) || [];
		if (index === undefined)
			moved.set(name, value);
		else if (Number(index) !== number)
			moved.set('disclosures.' + (Number(index) - (Number(index) > number ? 1 : 0)) + '.' + rest, value);
	}
	form.values = moved;
	form.disclosures--;
	draw();
	focusOn('disclosures');
}

function drawForm() {
	const known = { class: 'onpaper', 'data-if': 'known' };
	const element = el('form', { novalidate: true, id: 'answer' },
		el('div', { id: 'errors' }),
		el('fieldset', {}, el('legend', {}, w('part_identity')),
			choices(PERSON_KNOWN, 'radio', 'identity_match', labelOf('identity_match', null), { hint: w('identity_hint') })),
		el('fieldset', known, el('legend', {}, w('part_employment')),
			dateLine('employment.from', w('employed_from')), dateLine('employment.to', w('employed_to')),
			repeated('employment.positions', 'positions', (name) => line(name, w('position'), { max: 100 })),
			repeated('employment.duty_countries', 'countries', (name) => countrySelect(name, w('duty_country'))),
			choices('coverage.quality', 'radio', 'coverage_quality', labelOf('coverage_quality', null), { hint: w('coverage_hint') }),
			dateLine('coverage.from', w('coverage_from')), dateLine('coverage.to', w('coverage_to'))),
		el('fieldset', known, el('legend', {}, w('part_questions')),
			el('p', { class: 'hint' }, w('questions_hint')),
			el('p', { class: 'screen' }, el('button', { type: 'button', onclick: declineByLaw }, w('decline_law'))),
			...QUESTIONS.map(([field]) => choices(field, 'radio', 'answer', labelOf('question', field)))),
		el('fieldset', { id: 'disclosures', tabindex: '-1', class: 'onpaper', 'data-if': 'yes' },
			el('legend', {}, w('part_disclosures')),
			el('p', { class: 'hint' }, w('disclosures_hint')),
			...Array.from({ length: form.disclosures }, (unused, number) => disclosureFields(number)),
			form.disclosures < DISCLOSURE_MAX ? el('button', { type: 'button', class: 'screen', onclick: () => {
				form.disclosures++;
				draw();
				focusOn(idOf('disclosures.' + (form.disclosures - 1) + '.misconduct_type'));
			} }, w('add_disclosure')) : null),
		el('fieldset', { class: 'onpaper', 'data-if': 'unable' }, el('legend', {}, w('part_limit')),
			choices('legal_limit_reason', 'radio', 'legal_limit_reason', labelOf('legal_limit_reason', null)),
			countrySelect('legal_limit_country', w('limit_country'))),
		el('fieldset', known, el('legend', {}, w('part_reply')),
			choices('right_of_reply', 'radio', 'right_of_reply', labelOf('right_of_reply', null), { hint: w('reply_hint') })),
		el('fieldset', {}, el('legend', {}, w('part_signer')),
			line('signer_name', w('signer_name'), { max: 120, autocomplete: 'name' }),
			choices('signer_role', 'radio', 'signer_role', labelOf('signer_role', null), { hint: w('role_hint') }),
			line('organisation', w('organisation'), { max: 120, autocomplete: 'organization' }),
			line('contact', w('contact'), { hint: w('contact_hint'), max: 200 }),
			el('p', { class: 'paper sign' }, w('signature'))),
		drawSending());
	element.addEventListener('input', keep);
	element.addEventListener('change', keep);
	element.addEventListener('submit', (event) => {
		event.preventDefault();
		giveAnswer('send');
	});
	return element;
}

// Which parts apply to what has been answered so far.
function showWhatApplies() {
	const any = (kind) => QUESTIONS.some(([field]) => means(book, 'answer', valueOf(field), kind));
	const known = means(book, 'identity_match', valueOf(PERSON_KNOWN), 'answers');
	document.querySelectorAll('[data-if]').forEach((part) => {
		const condition = part.getAttribute('data-if');
		const referred = condition.endsWith('.referred') &&
			means(book, 'referred_to_authorities', valueOf(condition + '_to_authorities'), 'yes');
		part.hidden = !(condition === 'known' ? known : condition === 'yes' ? known && any('disclosure') :
			condition === 'unable' ? known && any('unable') : referred);
	});
}

// All three questions at once, for an organisation that the law keeps from answering.
function declineByLaw() {
	const code = codesOf('answer').find((answer) => answer === 'unable_legal') || '';
	QUESTIONS.forEach(([field]) => form.values.set(field, code));
	draw();
	focusOn(idOf('legal_limit_reason'));
}

// ---- reading it back ---------------------------------------------------------------------------------------------------

// As core/record/text.h cleans it: one form of letters, no stray blanks, no marks that turn writing round.
function tidy(text, lines) {
	const plain = text.normalize('NFC').replace(TURNING, '');
	return lines ? plain.replace(/\r\n?/g, '\n').replace(/[^\S\n]+/g, ' ').replace(/ *\n */g, '\n').trim() :
		plain.replace(/\s+/g, ' ').trim();
}

const ASCII = /[\u0660-\u0669\u06f0-\u06f9]/g;
const field = (name, lines) => tidy(valueOf(name), lines);
const dateField = (name) => field(name).replace(ASCII, (digit) => digit.charCodeAt(0) & 15).toUpperCase();
const fields = (name, count) => Array.from({ length: count }, (unused, i) => field(name + '.' + i)).filter((value) => value !== '');

function readDisclosure(number) {
	const at = 'disclosures.' + number + '.';
	const referred = means(book, 'referred_to_authorities', valueOf(at + 'referred_to_authorities'), 'yes');
	return dense({
		misconduct_type: listOf(at + 'misconduct_type'),
		involved_child: valueOf(at + 'involved_child'),
		committed: dateField(at + 'committed'),
		concluded: dateField(at + 'concluded'),
		process_status: valueOf(at + 'process_status'),
		sanction: listOf(at + 'sanction'),
		referred_to_authorities: valueOf(at + 'referred_to_authorities'),
		referred_country: referred ? valueOf(at + 'referred_country') : '',
		factual_summary: field(at + 'factual_summary', true),
	});
}

// What was answered, and nothing that does not apply to it any more.
function readForm(today) {
	const any = (kind) => QUESTIONS.some(([name]) => means(book, 'answer', valueOf(name), kind));
	const about = !means(book, 'identity_match', valueOf(PERSON_KNOWN), 'answers') ? {} : {
		employment: {
			from: dateField('employment.from'), to: dateField('employment.to'),
			positions: fields('employment.positions', form.positions),
			duty_countries: fields('employment.duty_countries', form.countries),
		},
		coverage: { from: dateField('coverage.from'), to: dateField('coverage.to'), quality: valueOf('coverage.quality') },
		finding: valueOf('finding'), ongoing_now: valueOf('ongoing_now'), left_during: valueOf('left_during'),
		disclosures: any('disclosure') ? Array.from({ length: form.disclosures }, (unused, number) => readDisclosure(number)) : [],
		legal_limit_reason: any('unable') ? valueOf('legal_limit_reason') : '',
		legal_limit_country: any('unable') ? valueOf('legal_limit_country') : '',
		right_of_reply: valueOf('right_of_reply'),
	};
	return dense({
		codebook_version: book.version,
		signer_name: field('signer_name'), signer_role: valueOf('signer_role'),
		identity_match: valueOf(PERSON_KNOWN),
		...about,
		valid_until: shift(today, 180),
	});
}
