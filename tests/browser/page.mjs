// The guests' page in a real Chromium, before a server of our own that also lies; core (guest_oracle) makes requests and opens answers.
// From the top of the tree: node tests/browser/page.mjs BUILD [FOLDER FOR SCREENSHOTS]
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import zlib from 'node:zlib';
import { DECLINED, DISCLOSURE, NOT_KNOWN, NO_RECORD, PHONE, answered, count, fill, launch, must, open, same } from './drive.mjs';

const [build, shots] = process.argv.slice(2);
const oracle = (args, input) => execFileSync(build + '/tests/browser/guest_oracle', args, { input, maxBuffer: 1 << 24 }).toString();
const dir = fs.mkdtempSync(os.tmpdir() + '/candor-page-');
const html = fs.readFileSync(build + '/gen/node/web/page.html'), policy = fs.readFileSync(build + '/gen/node/web/page.csp', 'utf8');

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
function base32(hex) {
	let bits = Array.from(Buffer.from(hex, 'hex'), (byte) => byte.toString(2).padStart(8, '0')).join('');
	bits = bits.padEnd(Math.ceil(bits.length / 5) * 5, '0');
	return bits.match(/.{5}/g).map((five) => DIGITS[parseInt(five, 2)]).join('');
}

// ---- requests -------------------------------------------------------------------------------------------------------

function makeRequest(changes = {}) {
	const [id, secret, code, key, publicKey] = oracle(['new']).trim().split(' ');
	const request = {
		format: 1, request_id: base32(id), key: Buffer.from(publicKey, 'hex').toString('base64'), language: 'en', codebook_version: '2025-1',
		requester: { name: 'Fictional Relief Agency', country: 'KEN', contact: 'Testa Examplewright', email: 'hr@relief.example', phone: '+999 00 000 000' },
		employer: 'Imaginary Aid Society',
		candidate: { given_names: 'Fictiona Maria', family_names: 'Nobodyson', native_name: 'فيكتيونا نوبوديسون', date_of_birth: '1990-02-11', birth_precision: 'day',
			gender: 'female', nationality: ['KEN'], documents: [{ type: 'passport', country: 'KEN', number: 'FA0000101' }] },
		claimed: { position: 'Nutrition officer', country: 'SSD', from: '2021-02', to: '2024-03', engagement_type: 'employee' },
		lookback_years: 5, legal_basis: 'legitimate_interest', candidate_notified: 'application_form', due_at: '2099-12-05T00:00:00Z',
		expires_at: '2100-02-20T00:00:00Z', ...changes,
	};
	const sealed = Buffer.from(oracle(['seal', id, secret], JSON.stringify(request)).trim(), 'hex');
	return { id, secret, code, key, sealed, request, fragment: '#' + base32(id) + '.' + code.replace(/-/g, '') };
}

// What an answer says, as core reads it. ${parcel}: the bytes of a POST, or the text of a file.
function openAnswer(made, parcel) {
	const file = Buffer.isBuffer(parcel) ? '-----BEGIN CANDOR GUEST ANSWER-----\n' + Buffer.concat([Buffer.from([1]), parcel]).toString('base64') +
		'\n-----END CANDOR GUEST ANSWER-----\n' : parcel;
	fs.writeFileSync(dir + '/answer', file);
	const hash = crypto.createHash('sha256').update(made.sealed).digest('hex');
	return JSON.parse(oracle(['open', made.id, made.secret, hash, made.key, dir + '/answer']));
}

// ---- the server -------------------------------------------------------------------------------------------------------

const hub = { sealed: null, answeredAt: 0, status: 200, answerStatus: 200, posts: [], asked: 0 };
const server = http.createServer((request, response) => {
	const chunks = [];
	request.on('data', (chunk) => chunks.push(chunk));
	request.on('end', () => {
		const body = Buffer.concat(chunks);
		if (request.url === '/guest') {
			response.setHeader('Content-Type', 'text/html; charset=utf-8');
			response.setHeader('Content-Security-Policy', policy + "; frame-ancestors 'none'");
			response.end(html);
		} else if (request.url === '/guest/request') {
			hub.asked++;
			if (hub.status === 0)
				return request.socket.destroy();
			response.statusCode = hub.status;
			const when = Buffer.alloc(8);
			when.writeBigUInt64BE(BigInt(hub.answeredAt));
			response.end(hub.status === 200 ? Buffer.concat([when, hub.sealed]) : '');
		} else if (request.url === '/guest/answer') {
			if (hub.answerStatus === 0)
				return request.socket.destroy();
			hub.posts.push(body);
			response.statusCode = hub.answerStatus;
			response.end();
		} else {
			response.statusCode = 404;
			response.end();
		}
		return undefined;
	});
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = 'http://127.0.0.1:' + server.address().port + '/guest';
const browser = await launch();

// A page at the link of ${made}; the hub gives ${sealed}.
async function visit(made, options = {}) {
	Object.assign(hub, { sealed: options.sealed || made.sealed, status: options.status ?? 200, answerStatus: 200, posts: [], asked: 0 });
	const page = await open(browser, url + (options.fragment ?? made.fragment), options);
	await page.waitForSelector('#answer, #problem');
	return page;
}

// Close; nothing may have failed in between, nor anybody else have been asked.
async function leave(page) {
	same('no script failed, and the policy was kept', [], page.faults);
	same('nobody else was asked', [], page.asked.filter((asked) => !asked.includes(url) && !/ (file|blob|data):/.test(asked)));
	await page.context().close();
}

const shoot = async (page, name) => { if (shots) await page.screenshot({ path: shots + '/' + name + '.png', fullPage: true }); };
const problemOf = (page) => page.locator('#problem, #sending [data-problem]').first().getAttribute('data-problem');

// ---- small -------------------------------------------------------------------------------------------------------------

const compressed = zlib.gzipSync(html, { level: 9 }).length;
console.log('page: ' + html.length + ' bytes, ' + compressed + ' on the line');
must('the page is small', compressed < 40000);
must('the policy names one script and one style by hash and lets nothing else run',
	/^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+'; connect-src 'self'; /.test(policy) && !/unsafe|\*|http/.test(policy));
must('the page names no other origin', !/(src|href)="?(https?:)?\/\//.test(html.toString()));

// ---- answers -----------------------------------------------------------------------------------------------------------

async function answers(kind, values, expected) {
	const made = makeRequest(), page = await visit(made);
	const shown = await page.locator('main').innerText();
	for (const words of ['Fictiona Maria Nobodyson', 'فيكتيونا نوبوديسون', '11 February 1990', 'FA0000101, Kenya', 'Fictional Relief Agency', 'Nutrition officer', '5 years'])
		must('the request is shown: ' + words, shown.includes(words));
	await fill(page, values);
	await page.click('#send');
	await answered(page);
	must(kind + ' is sent', await page.locator('#sent').count() === 1);
	same('in one post of one size', [32 + 24657], hub.posts.map((post) => post.length));
	same('for this request', made.id, hub.posts[0].subarray(0, 16).toString('hex'));
	const { statement, ...about } = openAnswer(made, hub.posts[0]);
	same('it says who answers', { format: 1, language: 'en', organisation: 'Imaginary Aid Society', contact: values.contact }, about);
	for (const [key, value] of Object.entries(expected))
		same('it says ' + key, value, statement[key]);
	must('the secret has gone from the address bar', !page.url().includes('#'));
	must('it names the answer that was posted', statement.response_id.replace(/-/g, '') === base32(hub.posts[0].subarray(16, 32).toString('hex')));
	// Judged by core too, as the node does.
	same('core finds it in order', 'ok', oracle(['judge', new Date().toISOString().slice(0, 10), '5'],
		JSON.stringify({ ...statement, responder: 'guest' }) + '\n').trim());
	await leave(page);
}
await answers('no record', NO_RECORD, { identity_match: 'confirmed', finding: 'no_record', disclosures: undefined, legal_limit_reason: undefined,
	employment: { from: '2021-02-01', to: '2024-03-31', positions: ['Nutrition officer'], duty_countries: ['KEN'] } });
await answers('a disclosure', DISCLOSURE, { finding: 'yes', right_of_reply: 'given', disclosures: [{ misconduct_type: ['sexual_harassment'], involved_child: 'no',
	committed: '2023-05', concluded: '2023-09-20', process_status: 'substantiated_final', sanction: ['dismissal', 'barred_from_rehire'],
	referred_to_authorities: 'yes', referred_country: 'KEN', factual_summary: DISCLOSURE['disclosures.0.factual_summary'] }] });
await answers('a refusal for legal reasons', DECLINED, { finding: 'unable_legal', ongoing_now: 'unable_legal', left_during: 'unable_legal',
	legal_limit_reason: 'data_protection', legal_limit_country: 'FRA' });
await answers('that nobody is known', NOT_KNOWN, { identity_match: 'not_known_here', finding: undefined, employment: undefined, coverage: undefined });

// The button that refuses all three questions at once.
{
	const made = makeRequest(), page = await visit(made);
	await page.check('[name=identity_match][value=confirmed]');
	await page.click('button:text-is("The law does not let us answer these")');
	same('it answers all three', ['unable_legal', 'unable_legal', 'unable_legal'], await page.evaluate(() =>
		['finding', 'ongoing_now', 'left_during'].map((name) => document.querySelector(`[name=${name}]:checked`).value)));
	same('and goes to the reason', 'f-legal_limit_reason', await page.evaluate(() => document.activeElement.id));
	await leave(page);
}

// A second answer takes the place of the first; several cases and lists; a case removed again.
{
	const made = makeRequest(), page = await visit(made);
	await fill(page, DISCLOSURE);
	await page.click('button:text-is("Add a case")');
	await fill(page, { 'disclosures.1.misconduct_type': ['sexual_abuse'], 'disclosures.1.involved_child': 'unknown', 'disclosures.1.committed': '2024',
		'disclosures.1.process_status': 'substantiated_final', 'disclosures.1.sanction': ['none'], 'disclosures.1.referred_to_authorities': 'unknown' });
	await page.locator('fieldset:has(> legend:text-is("Case 1")) >> text=Remove this case').click();
	await page.locator('#f-employment-positions >> text=Add another').click();
	await fill(page, { 'employment.positions.1': 'Team leader' });
	await page.click('#send');
	await answered(page);
	const first = openAnswer(made, hub.posts[0]).statement;
	same('the case that was left moved up', [['sexual_abuse'], 'unknown'], [first.disclosures[0].misconduct_type, first.disclosures[0].involved_child]);
	same('two positions', ['Nutrition officer', 'Team leader'], first.employment.positions);
	await page.click('#correct');
	await fill(page, { finding: 'no_record' });
	await page.click('#send');
	await answered(page);
	const second = openAnswer(made, hub.posts[1]).statement;
	same('the correction says the other thing', ['no_record', undefined], [second.finding, second.disclosures]);
	must('under an id of its own', second.response_id !== first.response_id);
	must('and the guest is told what it means', (await page.locator('#sent').innerText()).includes('takes the place of the earlier one'));
	await leave(page);
}

// A link that is opened again says when it was answered, and takes a later answer.
{
	const made = makeRequest();
	hub.answeredAt = Date.UTC(2031, 4, 7, 12) / 1000;
	const page = await visit(made);
	must('the page says when it was answered', (await page.locator('#answered-before').innerText()).includes('7 May 2031'));
	await fill(page, NO_RECORD);
	await page.click('#send');
	await answered(page);
	must('and what a later answer means', (await page.locator('#sent').innerText()).includes('takes the place of the earlier one'));
	same('which is sent', 'no_record', openAnswer(made, hub.posts[0]).statement.finding);
	hub.answeredAt = 0;
	await leave(page);
}

// ---- what must not be answered -----------------------------------------------------------------------------------------

async function refuses(sentence, problem, made, options) {
	const page = await visit(made, options);
	same(sentence, problem, await problemOf(page));
	const words = await page.locator('main').innerText();
	must('in plain words, with what to do', words.length > 60 && !/undefined|Error|GCM|HPKE|cipher/i.test(words));
	must('and nothing of the request is shown', !words.includes('Nobodyson') && await page.locator('#answer').count() === 0);
	await shoot(page, 'problem-' + problem);
	await leave(page);
}
const made = makeRequest(), other = makeRequest();
const changed = (at) => { const bytes = Buffer.from(made.sealed); bytes[at] ^= 1; return bytes; };
await refuses('a wrong secret is an incomplete link', 'link', made, { fragment: made.fragment.slice(0, -1) + (made.fragment.endsWith('0') ? '1' : '0') });
await refuses('half a link too', 'link', made, { fragment: made.fragment.slice(0, 40) });
await refuses('one cut inside an escape', 'link', made, { fragment: made.fragment.slice(0, 40) + '%2' });
await refuses('so is none', 'link', made, { fragment: '' });
await refuses('so is the secret of another request', 'link', made, { fragment: made.fragment.split('.')[0] + '.' + other.fragment.split('.')[1] });
await refuses('a request that was changed is not shown', 'altered', made, { sealed: changed(100) });
await refuses('nor one whose nonce was changed', 'altered', made, { sealed: changed(0) });
await refuses('nor another in its place', 'altered', made, { sealed: other.sealed });
await refuses('nor part of it', 'altered', made, { sealed: made.sealed.subarray(0, 4000) });
await refuses('nor one with another key that is none', 'key', makeRequest({ key: Buffer.alloc(65, 4).toString('base64') }));
await refuses('nor one with the key of somebody else\'s size', 'key', makeRequest({ key: 'AAAA' }));
await refuses('a link that is over says so', 'gone', made, { status: 404 });
await refuses('so does one whose day is past, whatever the hub says', 'gone', makeRequest({ expires_at: '2020-01-01T00:00:00Z' }));
await refuses('a newer kind of request', 'newer', makeRequest({ format: 7 }));
// Whoever has the secret could seal anything: what this page cannot show it says so, and shows nothing of the rest.
for (const [what, changes] of Object.entries({
	'no candidate': { candidate: undefined }, 'a candidate that is a text': { candidate: 'Fictiona Maria Nobodyson' }, 'a name that is a number': { candidate: { family_names: 7 } },
	'nationalities in one text': { candidate: { nationality: 'KEN' } }, 'a document that is none': { candidate: { documents: [null] } },
	'nobody who asks': { requester: null }, 'a requester without a name': { requester: { country: 'KEN' } }, 'a list of claims': { claimed: 'much' },
	'a day that is a number': { due_at: 7 }, 'an end that is none': { expires_at: 'soon' }, 'an end that is a number': { expires_at: 4102444800 }, 'years in words': { lookback_years: 'five' }, 'a language that is a list': { language: ['en'] },
}))
	await refuses('a request with ' + what, 'newer', makeRequest(changes));
await refuses('too many attempts', 'busy', made, { status: 429 });
{
	// A key that was replaced by a valid one cannot be put into the sealed request; an answer to it would not open either.
	const stolen = makeRequest();
	await refuses('a key replaced under another secret', 'altered', made, { sealed: stolen.sealed });
}

// ---- a bad line ----------------------------------------------------------------------------------------------------------

{
	const page = await visit(made, { status: 0 });
	same('without a connection the page says so', 'network', await problemOf(page));
	hub.status = 200;
	await page.click('button:text-is("Try again")');
	await page.waitForSelector('#answer');
	await fill(page, NO_RECORD);
	hub.answerStatus = 0;
	await page.click('#send');
	await page.waitForSelector('#sending [data-problem]');
	same('an answer that does not leave is not lost', 'unsent', await problemOf(page));
	same('what was typed is there', 'Guesta Signerova', await page.inputValue('#f-signer_name'));
	hub.answerStatus = 503;
	await page.click('#send');
	await page.waitForTimeout(200);
	await page.waitForSelector('#send:not([disabled])');
	same('three tries of one answer are one answer', 1, new Set(hub.posts.map((post) => post.toString('hex'))).size);
	hub.answerStatus = 200;
	await page.click('#send');
	await answered(page);
	must('then it leaves', await page.locator('#sent').count() === 1);
	await leave(page);
}
{
	const page = await visit(made);
	await fill(page, NO_RECORD);
	hub.answerStatus = 404;
	await page.click('#send');
	await page.waitForSelector('#sending [data-problem]');
	same('a request that was withdrawn meanwhile', 'closed', await problemOf(page));
	await leave(page);
}

// ---- mistakes ------------------------------------------------------------------------------------------------------------

{
	const page = await visit(made);
	await page.click('#send');
	await page.waitForSelector('#error-list');
	same('an empty form is told what is missing, and the focus is there', 'error-list', await page.evaluate(() => document.activeElement.id));
	const before = await page.locator('#error-list li').count();
	must('each is named', before >= 4);
	await page.locator('#error-list a').first().click();
	same('its link leads to the field', 'f-identity_match', await page.evaluate(() => document.activeElement.id));
	await fill(page, { ...NO_RECORD, 'employment.from': '31/12/2021', 'coverage.to': '2019', finding: 'yes' });
	await page.click('#send');
	const errors = (await page.locator('#error-list').innerText()).split('\n');
	for (const words of ['From: Please write the date as', 'Your records reach to: This lies before the beginning', 'Kind of misconduct: Please fill this in'])
		must('it says: ' + words, errors.some((line) => line.startsWith(words)));
	must('at the field too', await page.locator('#f-employment-from[aria-invalid=true]').count() === 1);
	same('nothing was sent', 0, hub.posts.length);
	must('nothing that must not be disclosed can be chosen', await page.locator('[value=substantiated_reversed], [value=closed_no_finding]').count() === 0);
	await leave(page);
}

// ---- words from outside are words ------------------------------------------------------------------------------------------

{
	const bad = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>&lt;b&gt;';
	const page = await visit(makeRequest({ employer: bad, requester: { name: bad, country: 'KEN', contact: bad, email: bad, phone: bad },
		candidate: { given_names: bad, family_names: bad, date_of_birth: bad, birth_precision: 'day', documents: [{ type: bad, country: bad, number: bad }] },
		claimed: { position: bad, from: bad }, legal_basis: bad, due_at: bad, employee_number: bad }));
	must('they are shown as they are', (await page.locator('main').innerText()).includes(bad));
	same('and do nothing', [undefined, 0, 0], await page.evaluate(() => [window.hit, document.images.length, document.querySelectorAll('main script').length]));
	await leave(page);
}

// A name of the request cannot turn the words around it round, nor write lines of its own.
{
	const page = await visit(makeRequest({ requester: { name: 'Relief\u202eycnegA\u2066 X\nKey of the request: AAAAA', country: 'KEN', contact: 'T\u200festa', email: 'a@b.example' } }));
	const shown = await page.locator('main').innerText();
	must('nothing turns the writing round', !/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(shown));
	must('it stands on one line', shown.includes('ReliefycnegA X Key of the request: AAAAA'));
	await leave(page);
}

// Another link in the same window: nothing of the answer before stands in its form, whether that was sent or not.
for (const sends of [true, false]) {
	const first = makeRequest(), second = makeRequest({ candidate: { given_names: 'Anothera', family_names: 'Nobodyson' }, claimed: {} });
	const page = await visit(first);
	await fill(page, DISCLOSURE);
	if (sends) {
		await page.click('#send');
		await answered(page);
	}
	hub.sealed = second.sealed;
	await page.goto(url + second.fragment);
	await page.getByText('Anothera Nobodyson').waitFor();
	same('no answer is chosen', 0, await page.locator('#answer :checked:not(option)').count());
	same('nothing is written', '', await page.inputValue('[name="disclosures.0.factual_summary"]'));
	same('nobody has signed', '', await page.inputValue('#f-signer_name'));
	await leave(page);
}

// ---- keyboard alone ---------------------------------------------------------------------------------------------------------

{
	const page = await visit(made);
	const at = () => page.evaluate(() => ({ name: document.activeElement.name || '', type: document.activeElement.type || '', value: document.activeElement.value || '',
		id: document.activeElement.id, ring: getComputedStyle(document.activeElement).outlineStyle }));
	const typed = { ...NO_RECORD };
	let rings = 0, stops = 0;
	for (let i = 0; i < 200; i++) {
		await page.keyboard.press('Tab');
		const now = await at();
		if (['INPUT', 'radio', 'text', 'select-one', 'checkbox', 'submit', 'button', 'textarea'].includes(now.type)) {
			stops++;
			rings += now.ring !== 'none';
		}
		if (now.id === 'send')
			break;
		const wanted = typed[now.name];
		if (wanted === undefined)
			continue;
		delete typed[now.name];
		if (now.type === 'radio') {
			await page.keyboard.press('Space');
			for (let k = 0; k < 8 && (await at()).value !== wanted; k++)
				await page.keyboard.press('ArrowDown');
		} else if (now.type === 'select-one') {
			await page.keyboard.type('Kenya');
		} else {
			await page.keyboard.press('Control+A');
			await page.keyboard.type(wanted);
		}
	}
	same('every field was reached', [], Object.keys(typed));
	same('and shows where the focus is', stops, rings);
	await page.keyboard.press('Enter');
	await answered(page);
	must('the answer is sent', await page.locator('#sent').count() === 1);
	same('it says what was typed', ['no_record', ['KEN']], (({ statement: s }) => [s.finding, s.employment.duty_countries])(openAnswer(made, hub.posts[0])));
	same('the focus is on what it says', 'title', await page.evaluate(() => document.activeElement.id));
	await leave(page);
}

// ---- languages, small screens, contrast -----------------------------------------------------------------------------------------

// Every control has a name; every text can be read; nothing sticks out; targets are large enough.
const inspect = (page) => page.evaluate(() => {
	const faults = [];
	const seen = (element) => element.offsetParent !== null && element.getBoundingClientRect().width > 0;
	const light = (colour) => {
		const [r, g, b] = colour.match(/[\d.]+/g).map(Number).map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ground = (element) => {
		for (let at = element; at; at = at.parentElement) {
			const colour = getComputedStyle(at).backgroundColor;
			if (!/, 0\)$|transparent/.test(colour))
				return colour;
		}
		return 'rgb(255, 255, 255)';
	};
	for (const element of document.querySelectorAll('input, select, textarea, button')) {
		const name = element.labels && element.labels.length > 0 ? element.labels[0].textContent : element.getAttribute('aria-label') || element.textContent;
		if (!name.trim())
			faults.push('no name: ' + element.outerHTML.slice(0, 80));
		const box = (element.closest('label') || element).getBoundingClientRect();
		if (seen(element) && (box.height < 24 || box.width < 24))
			faults.push('too small: ' + element.outerHTML.slice(0, 80));
	}
	for (const set of document.querySelectorAll('fieldset'))
		if (!set.querySelector(':scope > legend'))
			faults.push('no legend: ' + set.id);
	for (const element of document.querySelectorAll('h1, h2, p, label, legend, dt, dd, li, a, button, span')) {
		if (!seen(element) || !element.textContent.trim())
			continue;
		const a = light(getComputedStyle(element).color), b = light(ground(element));
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (contrast < 4.5)
			faults.push('contrast ' + contrast.toFixed(1) + ': ' + element.textContent.slice(0, 40));
	}
	if (document.documentElement.scrollWidth > innerWidth)
		faults.push('wider than the screen: ' + document.documentElement.scrollWidth);
	const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
	if (new Set(ids).size < ids.length)
		faults.push('an id twice');
	if (/\{\d\}|undefined|null|\[object/.test(document.querySelector('main').innerText))
		faults.push('a hole in the words');
	return faults;
});
for (const [language, locale, words] of [['en', 'en-GB', 'Request for a statement'], ['fr', 'fr-FR', 'Demande de déclaration'], ['es', 'es-ES', 'Solicitud de declaración'], ['ar', 'ar', 'طلب بيان سلوك']])
	for (const viewport of [{ width: 320, height: 640 }, PHONE, { width: 1280, height: 900 }]) {
		const page = await visit(makeRequest({ language }), { viewport, locale });
		must('it begins in ' + language, (await page.locator('h1').innerText()).includes(words));
		same('lang and direction', [language, language === 'ar' ? 'rtl' : 'ltr'], await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]));
		await fill(page, { ...DISCLOSURE, ongoing_now: 'unable_legal' });
		await page.click('#send');
		await page.waitForSelector('#error-list');
		same(language + ' at ' + viewport.width, [], await inspect(page));
		await shoot(page, language + '-' + viewport.width);
		await leave(page);
	}
{
	const page = await visit(makeRequest({ language: 'fr' }), { viewport: PHONE, locale: 'fr-FR' });
	await fill(page, { identity_match: 'probable', signer_name: 'Guesta Signerova', 'employment.from': '٢٠٢١-٠٣' });
	await page.selectOption('#language', 'ar');
	same('another language keeps what was filled in', ['probable', 'Guesta Signerova', 'rtl'], await page.evaluate(() =>
		[document.querySelector('[name=identity_match]:checked').value, document.querySelector('[name=signer_name]').value, document.documentElement.dir]));
	const sides = await page.evaluate(() => {
		const field = document.querySelector('.choice'), input = field.querySelector('input').getBoundingClientRect(), span = field.querySelector('span').getBoundingClientRect();
		return input.left > span.left;
	});
	must('in Arabic the box stands right of its words', sides);
	same('figures of another script are figures', '2021-03', await page.evaluate(() => readForm('2026-01-01').employment.from));
	await leave(page);
}

// ---- paper ------------------------------------------------------------------------------------------------------------------

for (const language of ['en', 'ar']) {
	const page = await visit(makeRequest({ language }));
	await page.emulateMedia({ media: 'print' });
	const shown = await page.evaluate(() => ({ questions: [...document.querySelectorAll('[name=finding], [name="disclosures.0.process_status"], [name=legal_limit_reason]')]
		.every((input) => input.offsetParent !== null), buttons: [...document.querySelectorAll('button')].every((button) => button.offsetParent === null) }));
	same('on paper every question stands, and no button', { questions: true, buttons: true }, shown);
	const pdf = await page.pdf({ format: 'A4' });
	const sheets = (pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g) || []).length;
	must('on few sheets: ' + sheets, sheets >= 2 && sheets <= 4);
	if (shots)
		fs.writeFileSync(shots + '/paper-' + language + '.pdf', pdf);
	await leave(page);
}

// ---- the file for e-mail ---------------------------------------------------------------------------------------------------

{
	const file = makeRequest();
	const embedded = Buffer.concat([Buffer.from(file.id, 'hex'), file.sealed]).toString('base64');
	fs.writeFileSync(dir + '/request.html', html.toString().replace('<p id="embedded" hidden>', (place) => place + embedded));
	must('the file tells nothing without its code', !fs.readFileSync(dir + '/request.html', 'utf8').includes('Nobodyson'));
	const page = await open(browser, 'file://' + dir + '/request.html', { viewport: PHONE });
	await page.context().setOffline(true);
	await page.waitForSelector('#code');
	await shoot(page, 'file-code');
	await page.fill('#code', other.code);
	await page.keyboard.press('Enter');
	await page.waitForSelector('#code-error');
	same('another code is none', 'code', await page.evaluate(() => document.activeElement.id));
	await page.fill('#code', ' ' + file.code.toLowerCase().replace(/-/g, ' '));
	await page.keyboard.press('Enter');
	await page.waitForSelector('#answer');
	must('from a file nothing is sent', await page.locator('#send').count() === 0);
	await fill(page, DISCLOSURE);
	const download = page.waitForEvent('download');
	await page.click('#save');
	await (await download).saveAs(dir + '/saved.txt');
	await page.waitForSelector('#saved');
	const saved = fs.readFileSync(dir + '/saved.txt', 'utf8');
	same('the saved file is the answer', 'yes', openAnswer(file, saved).statement.finding);
	same('and so is the text to copy', saved.trim(), (await page.inputValue('#sealed-text')).trim());
	same('the page asked for nothing', 1, page.asked.filter((asked) => !/ (blob|data):/.test(asked)).length);
	await shoot(page, 'file-saved');
	await leave(page);

	const bytes = Buffer.from(embedded, 'base64');
	bytes[200] ^= 1;
	fs.writeFileSync(dir + '/request.html', html.toString().replace('<p id="embedded" hidden>', (place) => place + bytes.toString('base64')));
	const second = await open(browser, 'file://' + dir + '/request.html');
	await second.waitForSelector('#code');
	await second.fill('#code', file.code);
	await second.keyboard.press('Enter');
	await second.waitForSelector('#problem');
	same('a file that was changed is refused', 'altered', await problemOf(second));
	await leave(second);
}

await browser.close();
server.close();
fs.rmSync(dir, { recursive: true });
console.log('page: ' + count() + ' statements hold');
