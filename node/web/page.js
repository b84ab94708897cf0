// The page: from the link or the code to the request, from the form to the sealed answer.
// The page is served empty, the same for everybody; in the file for e-mail the sealed request stands in #embedded.

const data = JSON.parse(document.getElementById('data').textContent);
const book = { ...data.codebook, countries: data.countries.trim().split('\n').map((row) => row.slice(0, 3)) };
const LANGUAGES = Object.keys(data.words);
const state = { step: 'opening', isFile: false, id: null, secret: null, sealed: null, request: null, problem: '', sent: 0, answeredAt: 0 };
let language = 'en';

// The words for a key; {0}, {1} stand for what is said of it.
function w(key, ...values) {
	const words = data.words[language][key] || data.words.en[key] || key;
	return words.replace(/\{(\d)\}/g, (unused, index) => values[index]);
}

function focusOn(id) {
	const element = document.getElementById(id);
	if (element) {
		element.focus();
		element.scrollIntoView({ block: 'start' });
	}
}

// Today where the person sits.
function today() {
	const now = new Date();
	return now.getFullYear() + '-' + pad2(now.getMonth() + 1) + '-' + pad2(now.getDate());
}

function dayInWords(text) {
	const [year, month, day] = text.slice(0, 10).split('-').map(Number), date = new Date(Date.UTC(year, month - 1, day));
	if (!day || Number.isNaN(date.getTime()))
		return text;
	return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { dateStyle: 'long', timeZone: 'UTC', calendar: 'gregory' }).format(date);
}

// ---- the steps of the page ------------------------------------------------------------------------------------------------

function draw() {
	const main = document.getElementById('main');
	document.documentElement.lang = language;
	document.documentElement.dir = language === 'ar' ? 'rtl' : 'ltr';
	document.title = w('title') + ' – Candor';
	document.getElementById('language-label').textContent = w('language');
	document.getElementById('language').value = language;
	const steps = { opening: drawOpening, code: drawCode, problem: drawProblem, request: drawRequest, sent: drawSent, saved: drawSaved };
	main.replaceChildren(...steps[state.step]().filter((part) => part !== null));
	if (state.step === 'request')
		showWhatApplies();
}

function go(step, focus = 'title') {
	state.step = step;
	draw();
	focusOn(focus);
}

const heading = (words) => el('h1', { id: 'title', tabindex: '-1' }, words);

function drawOpening() {
	return [heading(w('title')), el('p', { role: 'status' }, w('opening'))];
}

function drawProblem() {
	const retry = state.problem === 'network' ? el('button', { type: 'button', class: 'main', onclick: openLink }, w('try_again')) : null;
	const code = state.isFile && state.problem !== 'crypto' ? el('button', { type: 'button', onclick: () => go('code') }, w('other_code')) : null;
	return [heading(w('title')),
		el('section', { class: 'bad', role: 'alert', id: 'problem', 'data-problem': state.problem },
			el('h2', {}, w('problem_' + state.problem)), el('p', {}, w('problem_' + state.problem + '_do')), retry, code)];
}

// The file for e-mail: the code comes by another way.
function drawCode() {
	const wrong = state.problem === 'code';
	const input = el('input', { type: 'text', id: 'code', class: 'code', autocomplete: 'off', autocapitalize: 'characters',
		spellcheck: 'false', maxlength: 60, 'aria-invalid': wrong ? 'true' : null,
		'aria-describedby': wrong ? 'code-hint code-error' : 'code-hint' });
	const entry = el('form', { novalidate: true },
		el('div', { class: wrong ? 'field wrong' : 'field' }, el('label', { for: 'code' }, w('code')),
			el('p', { class: 'hint', id: 'code-hint' }, w('code_hint')),
			wrong ? el('p', { class: 'error', id: 'code-error', role: 'alert' }, w('problem_code'), ' ', w('problem_code_do')) : null,
			input),
		el('button', { class: 'main' }, w('code_open')));
	entry.addEventListener('submit', (event) => {
		event.preventDefault();
		openWith(input.value);
	});
	return [heading(w('title')), el('section', {}, el('p', {}, w('code_ask')), entry)];
}

const fact = (title, ...values) => {
	const words = values.filter((value) => value).join('\n');
	return words ? el('div', {}, el('dt', {}, title), el('dd', { dir: 'auto' }, words)) : null;
};

function candidateFacts() {
	const { candidate: c, claimed = {} } = state.request;
	const from = claimed.from || claimed.to ? (claimed.from || '…') + ' – ' + (claimed.to || '…') : '';
	return el('dl', {},
		fact(w('name'), [c.given_names, c.family_names].filter((name) => name).join(' '), c.native_name),
		fact(w('other_names'), c.other_names),
		fact(w('born'), c.date_of_birth && (c.birth_precision === 'day' ? dayInWords(c.date_of_birth) : c.date_of_birth),
			c.birth_precision && c.birth_precision !== 'day' ? labelOf('precision', c.birth_precision) : ''),
		fact(labelOf('gender', null), c.gender && labelOf('gender', c.gender)),
		fact(w('nationality'), ...(c.nationality || []).map(countryName)),
		...(c.documents || []).map((d) => fact(labelOf('document_type', d.type), [d.number, d.country && countryName(d.country)].filter((part) => part).join(', '))),
		fact(w('claimed_position'), claimed.position),
		fact(w('claimed_period'), from),
		fact(w('duty_country'), claimed.country && countryName(claimed.country)),
		fact(labelOf('engagement_type', null), claimed.engagement_type && labelOf('engagement_type', claimed.engagement_type)),
		fact(w('employee_number'), state.request.employee_number));
}

function countryName(code) {
	const found = countryNames().find(([three]) => three === code);
	return found ? found[1] : code;
}

function drawRequest() {
	const { request } = state, r = request.requester;
	return [heading(w('title')),
		state.answeredAt > 0 ? el('section', { class: 'warn screen', role: 'status', id: 'answered-before' },
			el('p', {}, w('answered_before', dayInWords(new Date(state.answeredAt * 1000).toISOString()), r.name))) : null,
		el('section', {},
			el('h2', {}, w('who_asks')),
			el('p', {}, w('intro', r.name, request.employer)),
			el('dl', {}, fact(w('requester'), r.name, countryName(r.country)), fact(w('asker'), r.contact, r.email, r.phone),
				fact(w('due'), dayInWords(request.due_at)), fact(w('fingerprint'), state.fingerprint)),
			el('p', { class: 'box warn' }, w('check_asker'))),
		el('section', {},
			el('h2', {}, w('about')), candidateFacts(),
			el('dl', {},
				fact(labelOf('legal_basis', null), labelOf('legal_basis', request.legal_basis)),
				fact(labelOf('candidate_notified', null), labelOf('candidate_notified', request.candidate_notified),
					request.notified_on ? dayInWords(request.notified_on) : ''),
				fact(w('lookback'), w('lookback_years', request.lookback_years)))),
		el('section', { class: 'screen' }, el('h2', {}, w('ways')), el('p', {}, w('ways_text')),
			el('p', {}, w('secrecy')),
			el('button', { type: 'button', onclick: () => window.print() }, w('print'))),
		el('section', { class: 'paper' }, el('p', {}, w('paper_text', r.name))),
		drawForm()];
}

function drawSending() {
	const send = state.isFile ? null : el('button', { class: 'main', id: 'send' }, w('send'));
	return el('section', { class: 'screen' },
		el('h2', {}, w('part_send')),
		el('p', {}, w(state.isFile ? 'send_file_text' : 'send_text', state.request.requester.name)),
		el('div', { id: 'sending', role: 'alert' }),
		send, el('button', { type: 'button', class: state.isFile ? 'main' : null, id: 'save', onclick: () => giveAnswer('save') }, w('save')));
}

function drawSent() {
	return [heading(w('sent')),
		el('section', { class: 'good' }, el('p', { role: 'status', id: 'sent' }, w(state.sent > 1 || state.answeredAt > 0 ? 'sent_again' : 'sent_text', state.request.requester.name)),
			el('p', {}, w('sent_close'))),
		el('section', {}, el('p', {}, w('correct_text')),
			el('button', { type: 'button', id: 'correct', onclick: () => go('request', 'answer') }, w('correct')))];
}

function drawSaved() {
	const text = el('textarea', { class: 'code', readonly: true, rows: 8, id: 'sealed-text', 'aria-label': w('saved_copy'), spellcheck: 'false' });
	text.value = state.file;
	return [heading(w('saved')),
		el('section', { class: 'good' }, el('p', { role: 'status', id: 'saved' }, w('saved_text', state.request.requester.email || state.request.requester.name))),
		el('section', {}, el('p', {}, w('saved_or')), text,
			el('button', { type: 'button', onclick: () => copyText(text) }, w('copy')), el('span', { id: 'copied', role: 'status' }),
			el('button', { type: 'button', onclick: () => download(state.file) }, w('save_again'))),
		el('section', {}, el('p', {}, w('correct_text')),
			el('button', { type: 'button', id: 'correct', onclick: () => go('request', 'answer') }, w('correct')))];
}

async function copyText(text) {
	text.select();
	try {
		await navigator.clipboard.writeText(text.value);
	} catch (error) {
		document.execCommand('copy');
	}
	document.getElementById('copied').textContent = w('copied');
}

// ---- opening --------------------------------------------------------------------------------------------------------------

function stop(problem) {
	state.problem = problem;
	go('problem');
}

// POST bytes to this page's own server. Null: no connection.
async function post(path, body) {
	try {
		return await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body,
			credentials: 'omit', cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer' });
	} catch (error) {
		return null;
	}
}

// What the link says after its #, in parts; a link that was cut inside an escape says nothing.
function fragment() {
	try {
		return decodeURIComponent(location.hash.slice(1)).split('.');
	} catch (error) {
		return [''];
	}
}

// Fetch the sealed request that the link names.
async function openLink() {
	const [idText, codeText] = fragment();
	const id = readBase32(idText || '', ID_LEN);
	const secret = id && await readCode(codeText || '', id);
	if (!secret)
		return stop('link');
	go('opening');
	const reply = await post('/guest/request', id);
	if (reply === null || (reply.status !== 200 && reply.status !== 404))
		return stop(reply !== null && reply.status === 429 ? 'busy' : 'network');
	if (reply.status === 404)
		return stop('gone');
	let sealed = null;
	try {
		const bytes = new Uint8Array(await reply.arrayBuffer());
		const view = new DataView(bytes.buffer);
		state.answeredAt = view.getUint32(0) * 0x100000000 + view.getUint32(4);
		sealed = bytes.slice(8);
	} catch (error) {
		return stop('network');
	}
	return openSealed(id, secret, sealed);
}

// The file for e-mail: a code, typed by a person.
async function openWith(codeText) {
	const secret = await readCode(codeText, state.id);
	state.problem = secret ? '' : 'code';
	return secret ? openSealed(state.id, secret, state.sealed) : go('code', 'code');
}

// What a request holds, as far as it is shown: each part a test of a value, an object of parts, or a list of one kind of part.
const isText = (value) => typeof value === 'string';
const isTime = (value) => isText(value) && !Number.isNaN(Date.parse(value));
const orNothing = (form) => (value) => value === undefined || hasForm(value, form);
const someText = orNothing(isText);
const REQUEST_FORM = {
	requester: { name: isText, country: isText, contact: someText, email: someText, phone: someText },
	employer: someText, employee_number: someText, language: someText,
	candidate: { given_names: someText, family_names: someText, native_name: someText, other_names: someText, date_of_birth: someText,
		birth_precision: someText, gender: someText, nationality: orNothing([isText]),
		documents: orNothing([{ type: isText, number: someText, country: someText }]) },
	claimed: orNothing({ position: someText, country: someText, from: someText, to: someText, engagement_type: someText }),
	legal_basis: isText, candidate_notified: isText, notified_on: someText, lookback_years: Number.isInteger, due_at: isText, expires_at: isTime,
};

function hasForm(value, form) {
	if (typeof form === 'function')
		return form(value);
	if (Array.isArray(form))
		return Array.isArray(value) && value.every((one) => hasForm(one, form[0]));
	return value !== null && typeof value === 'object' && Object.entries(form).every(([name, part]) => hasForm(value[name], part));
}

async function openSealed(id, secret, sealed) {
	try {
		const request = await openRequest(id, secret, sealed);
		if (!hasForm(request, REQUEST_FORM))
			return stop('newer');
		const hash = await sha256('candor/1 guest key\0', request.keyBytes);
		Object.assign(state, { id, secret, sealed, request, fingerprint: writeBase32(hash.slice(0, 10)) });
	} catch (error) {
		return stop(['altered', 'key', 'newer'].includes(error.message) ? error.message : 'altered');
	}
	if (LANGUAGES.includes(state.request.language) && !state.hasChosen)
		language = state.request.language;
	if (Date.parse(state.request.expires_at) < Date.now())
		return stop('gone');
	prefill();
	return go('request');
}

// What the requester believes already, for the guest to confirm or correct.
function prefill() {
	const { claimed = {} } = state.request;
	const known = { 'employment.from': claimed.from, 'employment.to': claimed.to, 'employment.positions.0': claimed.position,
		'employment.duty_countries.0': claimed.country, organisation: state.request.employer };
	for (const [name, value] of Object.entries(known))
		if (value && !form.values.has(name))
			form.values.set(name, value);
}

// ---- answering ------------------------------------------------------------------------------------------------------------

// The element that a fault is about: the field itself, or the one it is part of.
function elementOf(name) {
	return document.getElementById(idOf(name)) || document.getElementById(idOf(name + '.0'));
}

function markFaults(faults) {
	document.querySelectorAll('.wrong').forEach((part) => part.classList.remove('wrong'));
	document.querySelectorAll('p.error').forEach((part) => part.remove());
	document.querySelectorAll('[aria-invalid]').forEach((part) => part.removeAttribute('aria-invalid'));
	const list = el('ul');
	const places = faults.map(({ field: name, rule }) => ({ element: elementOf(name), rule }));
	// In the order in which the form asks.
	places.sort((a, b) => a.element && b.element && a.element !== b.element &&
		a.element.compareDocumentPosition(b.element) & Node.DOCUMENT_POSITION_PRECEDING ? 1 : -1);
	places.forEach(({ element, rule }, number) => {
		const words = w('rule_' + rule), part = element && element.closest('.field');
		const title = part ? part.querySelector('label, legend').textContent : '';
		list.append(el('li', {}, el('a', { href: '#' + (element ? element.id : ''), onclick: (event) => {
			event.preventDefault();
			focusOn(element ? element.id : 'answer');
		} }, title ? title + ': ' + words : words)));
		if (!part || part.classList.contains('wrong'))
			return;
		const note = el('p', { class: 'error', id: 'error-' + number }, words);
		part.classList.add('wrong');
		element.setAttribute('aria-invalid', 'true');
		element.setAttribute('aria-describedby', [element.getAttribute('aria-describedby'), note.id].filter((id) => id).join(' '));
		part.querySelector('label, legend').after(note);
	});
	document.getElementById('errors').replaceChildren(...(faults.length === 0 ? [] : [
		el('section', { class: 'bad', role: 'alert', tabindex: '-1', id: 'error-list' }, el('h2', {}, w('errors', faults.length)), list)]));
}

function say(key) {
	document.getElementById('sending').replaceChildren(el('p', { class: 'box bad', 'data-problem': key }, w('problem_' + key), ' ', w('problem_' + key + '_do')));
}

// Judge, seal, and send or save.
async function giveAnswer(way) {
	const day = today(), statement = readForm(day);
	const faults = judge(statement, book, { today: day, lookback: state.request.lookback_years });
	['organisation', 'contact'].forEach((name) => field(name) === '' && faults.push({ field: name, rule: 'missing' }));
	markFaults(faults);
	if (faults.length > 0)
		return focusOn('error-list');
	const responseId = crypto.getRandomValues(new Uint8Array(ID_LEN));
	const answer = { format: 1, language, organisation: field('organisation'), contact: field('contact'),
		statement: { ...statement, response_id: writeBase32(responseId), request_id: writeBase32(state.id),
			signed_at: new Date().toISOString().slice(0, 19) + 'Z' } };
	let sealed = null;
	try {
		sealed = await sealAnswer(state.id, state.secret, state.sealed, state.request.keyBytes, responseId, answer);
	} catch (error) {
		return say('long');
	}
	return way === 'send' && !state.isFile ? sendAnswer(responseId, sealed) : saveAnswer(responseId, sealed);
}

async function sendAnswer(responseId, sealed) {
	const buttons = document.querySelectorAll('#send, #save');
	const body = join(state.id, responseId, sealed);
	buttons.forEach((button) => { button.disabled = true; });
	let reply = null;
	// The same answer again is the same answer: its id stands for it.
	for (let tries = 0; tries < 3 && (reply === null || reply.status >= 500); tries++) {
		if (tries > 0)
			await new Promise((resolve) => setTimeout(resolve, 1500 * tries));
		reply = await post('/guest/answer', body);
	}
	buttons.forEach((button) => { button.disabled = false; });
	if (reply === null || reply.status !== 200)
		return say(reply === null || reply.status >= 500 ? 'unsent' : reply.status === 429 ? 'busy' : 'closed');
	state.sent++;
	// The link is not left behind in this browser's history.
	history.replaceState(null, '', location.pathname);
	return go('sent');
}

function saveAnswer(responseId, sealed) {
	state.file = answerFile(state.id, responseId, sealed);
	download(state.file);
	go('saved');
}

function download(text) {
	const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
	const link = el('a', { href: url, download: 'candor-answer-' + writeBase32(state.id).slice(0, 5) + '.txt' });
	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(url), 60000);
}

// ---- begin ------------------------------------------------------------------------------------------------------------------

function begin() {
	const wanted = (navigator.languages || []).map((tag) => tag.slice(0, 2)).find((tag) => LANGUAGES.includes(tag));
	language = wanted || 'en';
	document.getElementById('language').addEventListener('change', (event) => {
		language = event.target.value;
		state.hasChosen = true;
		draw();
	});
	// Another link in the same window: nothing that was typed for the one before may stand in its form.
	window.addEventListener('hashchange', () => !state.isFile && location.reload());
	draw();
	if (!window.crypto || !crypto.subtle)
		return stop('crypto');
	const embedded = readBase64(document.getElementById('embedded').textContent);
	if (embedded.length === 0)
		return openLink();
	Object.assign(state, { isFile: true, id: embedded.slice(0, ID_LEN), sealed: embedded.slice(ID_LEN) });
	const [, codeText] = fragment();
	return codeText ? openWith(codeText) : go('code', 'code');
}

begin();
