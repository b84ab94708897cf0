// The page's rules and core's judge alike: statements that hold, changed at random. No browser: rules.js is plain JavaScript.
// From the top of the tree: node tests/browser/rules.mjs BUILD [COUNT]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import vm from 'node:vm';

const [build, wanted] = process.argv.slice(2);
const COUNT = Number(wanted) || 4000, TODAY = '2026-03-09', LOOKBACK = 5;
const book = JSON.parse(fs.readFileSync('core/record/data/codebook.json', 'utf8'));
const page = fs.readFileSync(build + '/gen/node/web/page.html', 'utf8');
const data = JSON.parse(page.match(/id="data">(.*?)<\/script>/s)[1]);
const countries = data.countries.trim().split('\n').map((row) => row.slice(0, 3));
const context = vm.createContext({ TextEncoder, console });
vm.runInContext(fs.readFileSync('node/web/seal.js', 'utf8') + fs.readFileSync('node/web/rules.js', 'utf8') + ';globalThis.judge = judge; globalThis.dense = dense;', context);

// A small generator, so that every run tries the same.
let seed = 20260309;
const random = (below) => {
	seed = Math.imul(seed ^ seed >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
	return ((seed ^ seed >>> 13) >>> 0) % below;
};
const pick = (list) => list[random(list.length)];
const codes = (list) => [...Object.keys(book.lists[list].codes), ...(book.lists[list].nothing ? Object.keys(book.lists.nothing.codes) : []), 'no_such_code'];
const DATES = ['2019', '2020-H1', '2021-03', '2021-03-08', '2021-03-09', '2021-03-10', '2021-Q1', '2024-02-29', '2023-02-29', '2026-03-09', '2026-03-10',
	'2026-03-11', '2026-04', '2027', '2025', '1849', '2151', '2024-13', '2024-00', 'soon', '2024-Q5', '2024-H2'];

const base = () => ({
	codebook_version: book.version, response_id: '7QX4M-7QX4M-7QX4M-7QX4M-7QX4M-8', request_id: '8QX4M-7QX4M-7QX4M-7QX4M-7QX4M-8', responder: 'guest',
	signer_name: 'Guesta Signerova', signer_role: 'hr', signed_at: TODAY + 'T10:00:00Z', identity_match: 'confirmed',
	employment: { from: '2021-02-01', to: '2024-03-31', positions: ['Officer'], duty_countries: ['KEN'] },
	coverage: { from: '2021-02', to: '2024-03', quality: 'complete' }, finding: 'no_record', ongoing_now: 'no_record', left_during: 'no_record', valid_until: '2026-09-05',
});
const disclosure = () => ({ misconduct_type: ['sexual_abuse'], involved_child: 'no', committed: '2023-05', concluded: '2023-09-20',
	process_status: 'substantiated_final', sanction: ['dismissal'], referred_to_authorities: 'no_not_criminal' });

// One change, as a hurried or a hostile hand would make it.
const CHANGES = [
	(s) => { s.identity_match = pick(codes('identity_match')); },
	(s) => { const which = pick(['confirmed', 'not_known_here', 'ambiguous']); s.identity_match = which;
		if (which !== 'confirmed') ['employment', 'coverage', 'finding', 'ongoing_now', 'left_during', 'disclosures', 'legal_limit_reason',
			'legal_limit_country', 'right_of_reply'].forEach((key) => delete s[key]); },
	(s) => { s[pick(['finding', 'ongoing_now', 'left_during'])] = pick(codes('answer')); },
	(s) => { s.finding = 'yes'; s.disclosures = [disclosure()]; },
	(s) => { s.ongoing_now = 'yes'; const d = disclosure(); d.process_status = 'ongoing'; if (random(2)) delete d.concluded; s.disclosures = [...(s.disclosures || []), d]; },
	(s) => { s.left_during = 'yes'; const d = disclosure(); d.process_status = 'left_before_completion'; s.disclosures = [...(s.disclosures || []), d]; },
	(s) => { ['finding', 'ongoing_now', 'left_during'].forEach((key) => { s[key] = 'unable_legal'; }); s.legal_limit_reason = pick(codes('legal_limit_reason'));
		if (random(2)) s.legal_limit_country = 'FRA'; },
	(s) => { s.legal_limit_reason = pick(codes('legal_limit_reason')); },
	(s) => { s.legal_limit_country = pick(['FRA', 'XXX', 'ken', '']); },
	(s) => { s.right_of_reply = pick(codes('right_of_reply')); },
	(s) => { s.coverage = s.coverage || {}; s.coverage.quality = pick(codes('coverage_quality')); },
	(s) => { s.coverage = s.coverage || {}; s.coverage[pick(['from', 'to'])] = pick(DATES); },
	(s) => { s.employment = s.employment || {}; s.employment[pick(['from', 'to'])] = pick(DATES); },
	(s) => { s.employment = s.employment || {}; delete s.employment[pick(['from', 'to', 'positions', 'duty_countries'])]; },
	(s) => { s.employment = s.employment || {}; s.employment.duty_countries = pick([['KEN', 'UGA'], ['XYZ'], [], Array(8).fill('FRA')]); },
	(s) => { delete s[pick(['finding', 'ongoing_now', 'left_during', 'signer_name', 'signer_role', 'valid_until', 'coverage', 'employment', 'disclosures'])]; },
	(s) => { s.signer_role = pick(codes('signer_role')); },
	(s) => { s.signer_name = pick(['x', 'Ñandú Ωmega', 'é'.repeat(100)]); },
	(s) => { s.valid_until = pick(['2026-03-08', '2026-03-07', '2026-03', '2030-01-01', 'never']); },
	(s) => each(s, (d) => { d.misconduct_type = pick([[], ['sexual_abuse', 'sexual_abuse'], ['sexual_abuse', 'sexual_harassment'], ['theft']]); }),
	(s) => each(s, (d) => { d.involved_child = pick(codes('involved_child')); }),
	(s) => each(s, (d) => { d[pick(['committed', 'concluded'])] = pick(DATES); }),
	(s) => each(s, (d) => { delete d[pick(['committed', 'concluded', 'sanction', 'involved_child', 'process_status', 'referred_to_authorities'])]; }),
	(s) => each(s, (d) => { d.process_status = pick(codes('process_status')); }),
	(s) => each(s, (d) => { d.sanction = pick([[], ['none'], ['none', 'none'], ['dismissal', 'demotion'], ['exile']]); }),
	(s) => each(s, (d) => { d.referred_to_authorities = pick(codes('referred_to_authorities')); if (random(2)) d.referred_country = pick(['KEN', 'ZZZ']); }),
	(s) => each(s, (d) => { d.factual_summary = pick(['short', 'é'.repeat(1000), 'x'.repeat(1000)]); }),
];
const each = (s, change) => (s.disclosures || []).forEach(change);

const statements = [];
for (let i = 0; i < COUNT; i++) {
	const statement = base();
	for (let changes = random(6); changes > 0; changes--)
		pick(CHANGES)(statement);
	statements.push(statement);
}
const core = execFileSync(build + '/tests/browser/guest_oracle', ['judge', TODAY, String(LOOKBACK)],
	{ input: statements.map((s) => JSON.stringify(s)).join('\n') + '\n', maxBuffer: 1 << 26 }).toString().trim().split('\n');
let good = 0;
statements.forEach((statement, i) => {
	const faults = context.judge(context.dense(statement), { ...book, countries }, { today: TODAY, lookback: LOOKBACK });
	const holds = core[i] === 'ok';
	good += holds;
	if (holds !== (faults.length === 0)) {
		console.error(JSON.stringify(statement, null, 1) + '\ncore: ' + core[i] + '\npage: ' + JSON.stringify(faults));
		process.exit(1);
	}
});
if (good < COUNT / 20 || good > COUNT * 19 / 20)
	throw new Error('the statements try little: ' + good + ' of ' + COUNT + ' hold');
console.log('rules: page and core agree on ' + COUNT + ' statements, of which ' + good + ' may be signed');
