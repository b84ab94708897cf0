// What the tests in a browser share: a Chromium, statements that hold, filling in the form as a person does.
import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';
import path from 'node:path';

export const npm = path.resolve(process.env.NPM || 'build/npm');
const { chromium } = createRequire(npm + '/x.js')('playwright-core');

let held = 0;
export const count = () => held;

export function must(sentence, holds) {
	if (!holds)
		throw new Error('does not hold: ' + sentence);
	held++;
}

export function same(sentence, expected, seen) {
	if (JSON.stringify(expected) !== JSON.stringify(seen))
		throw new Error('does not hold: ' + sentence + '\nexpected: ' + JSON.stringify(expected) + '\nseen: ' + JSON.stringify(seen));
	held++;
}

export const PHONE = { width: 360, height: 740 }, DESKTOP = { width: 1280, height: 900 };

// How long what must come may take: a busy machine is slow, and who waits for what has come does not wait.
const PATIENCE_MS = 240000;

// A browser with nothing in it. Root needs --no-sandbox; nothing here comes from elsewhere.
export const launch = () => chromium.launch({
	executablePath: execFileSync('sh', ['-c', 'command -v chromium']).toString().trim(),
	timeout: PATIENCE_MS,
	args: [...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
});

// A page that fails the test when its scripts fail, when its policy is violated, or when it asks anything of another origin.
export async function open(browser, url, { viewport = DESKTOP, locale = 'en-GB' } = {}) {
	const context = await browser.newContext({ viewport, locale, ignoreHTTPSErrors: true, acceptDownloads: true });
	context.setDefaultTimeout(PATIENCE_MS);
	const page = await context.newPage();
	page.faults = [];
	page.asked = [];
	page.on('pageerror', (error) => page.faults.push('script: ' + error.message));
	page.on('console', (message) => /Content Security Policy|Refused|TrustedHTML/.test(message.text()) && page.faults.push(message.text()));
	page.on('request', (request) => page.asked.push(request.method() + ' ' + request.url()));
	await page.goto(url);
	return page;
}

// What is filled in, by the names of the fields: a list for check boxes.
export const NO_RECORD = {
	identity_match: 'confirmed', 'employment.from': '2021-02-01', 'employment.to': '2024-03-31', 'employment.positions.0': 'Nutrition officer',
	'employment.duty_countries.0': 'KEN', 'coverage.quality': 'complete', 'coverage.from': '2021-02', 'coverage.to': '2024-03',
	finding: 'no_record', ongoing_now: 'no_record', left_during: 'no_record',
	signer_name: 'Guesta Signerova', signer_role: 'hr', organisation: 'Imaginary Aid Society', contact: '+999 00 111 222',
};
export const DISCLOSURE = {
	...NO_RECORD, finding: 'yes',
	'disclosures.0.misconduct_type': ['sexual_harassment'], 'disclosures.0.involved_child': 'no', 'disclosures.0.committed': '2023-05',
	'disclosures.0.concluded': '2023-09-20', 'disclosures.0.process_status': 'substantiated_final', 'disclosures.0.sanction': ['dismissal', 'barred_from_rehire'],
	'disclosures.0.referred_to_authorities': 'yes', 'disclosures.0.referred_country': 'KEN',
	'disclosures.0.factual_summary': 'Substantiated by an internal inquiry.\nQuetzalcoatlus-7 is a word to search for.',
	right_of_reply: 'given',
};
export const DECLINED = { ...NO_RECORD, 'coverage.quality': 'partial', finding: 'unable_legal', ongoing_now: 'unable_legal', left_during: 'unable_legal',
	legal_limit_reason: 'data_protection', legal_limit_country: 'FRA' };
export const NOT_KNOWN = { identity_match: 'not_known_here', signer_name: 'Guesta Signerova', signer_role: 'safeguarding_focal_point',
	organisation: 'Imaginary Aid Society', contact: 'hr@imaginary-aid.example' };
export const KINDS = { 'no-record': NO_RECORD, disclosure: DISCLOSURE, declined: DECLINED, 'not-known': NOT_KNOWN };

export async function fill(page, values) {
	for (const [name, value] of Object.entries(values)) {
		const field = page.locator(`[name="${name}"]`).first();
		const kind = await field.evaluate((element) => element.type);
		for (const one of Array.isArray(value) ? value : [value]) {
			if (kind === 'radio' || kind === 'checkbox')
				await page.locator(`[name="${name}"][value="${one}"]`).check();
			else if (kind === 'select-one')
				await field.selectOption(one);
			else
				await field.fill(one);
		}
	}
}

export const answered = (page) => page.waitForSelector('#sent, #saved, #error-list, #sending [data-problem]');
