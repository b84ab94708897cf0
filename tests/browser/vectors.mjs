// The page's cryptography in a real Chromium: RFC 9180's vectors, and both directions against core's own (guest_oracle).
// From the top of the tree: node tests/browser/vectors.mjs BUILD
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { count, launch, must, same } from './drive.mjs';

const build = process.argv[2], oracle = build + '/tests/browser/guest_oracle';
const ask = (args, input) => execFileSync(oracle, args, { input, maxBuffer: 1 << 24 }).toString();

const server = http.createServer((request, response) => response.end('<!DOCTYPE html><title>empty</title>'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await launch();
try {
	const page = await browser.newPage();
	await page.goto('http://127.0.0.1:' + server.address().port);
	await page.addScriptTag({ content: fs.readFileSync('node/web/seal.js', 'utf8') + `
		const unhex = (text) => Uint8Array.from((text || '').match(/../g) || [], (pair) => parseInt(pair, 16));
		const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
		const base64url = (bytes) => writeBase64(bytes).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '');
		// A key pair from a vector's secret and public bytes.
		const pairOf = async (secret, publicKey) => ({
			publicKey: await readKey(publicKey),
			privateKey: await crypto.subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', d: base64url(secret),
				x: base64url(publicKey.slice(1, 33)), y: base64url(publicKey.slice(33)) }, curve, true, ['deriveBits']),
		});` });

	// ---- RFC 9180 ---------------------------------------------------------------------------------------------------
	const shared = path.resolve(process.env.CDR_SHARED || '../shared', 'vectors/rfc9180-base.json');
	const vectors = JSON.parse(fs.readFileSync('tests/vectors/rfc9180-a3.json', 'utf8'));
	if (fs.existsSync(shared))
		vectors.push(...JSON.parse(fs.readFileSync(shared, 'utf8')).filter((v) => v.mode === 0 && v.kem_id === 16 && v.kdf_id === 1 && [1, 2].includes(v.aead_id)));
	else
		console.log('skipped: the vectors of AES-256-GCM, which are not in the tree');
	for (const v of vectors) {
		const seen = await page.evaluate(async (vector) => {
			const ephemeral = await pairOf(unhex(vector.skEm), unhex(vector.enc));
			const { enc, shared } = await encap(unhex(vector.pkRm), ephemeral);
			const keyLen = vector.aead_id === 1 ? 16 : 32;
			const { key, nonce } = await keySchedule(vector.aead_id, keyLen, shared, unhex(vector.info));
			const first = vector.encryptions[0];
			const sealed = await hpkeSeal(unhex(vector.pkRm), unhex(vector.info), unhex(first.aad), unhex(first.pt), ephemeral,
				vector.aead_id, keyLen);
			return { enc: hex(enc), shared: hex(shared), key: hex(key), nonce: hex(nonce), sealed: hex(sealed) };
		}, v);
		same('RFC 9180, AEAD ' + v.aead_id, { enc: v.enc, shared: v.shared_secret, key: v.key, nonce: v.base_nonce,
			sealed: v.enc + v.encryptions[0].ct }, seen);
	}

	// ---- core seals, the page opens -----------------------------------------------------------------------------------
	const [id, secret, code, key, publicKey] = ask(['new']).trim().split(' ');
	const idText = await page.evaluate((text) => writeBase32(unhex(text)), id);
	const request = { format: 1, request_id: idText, key: Buffer.from(publicKey, 'hex').toString('base64'), words: 'Ångström, محمد, 田中 <b>&' };
	const sealed = ask(['seal', id, secret], JSON.stringify(request)).trim();
	const open = (what) => page.evaluate(async ({ id, code, sealed }) => {
		const secret = await readCode(code, unhex(id));
		if (!secret)
			return 'no code';
		try {
			const opened = await openRequest(unhex(id), secret, unhex(sealed));
			return { ...opened, keyBytes: hex(opened.keyBytes) };
		} catch (error) {
			return error.message;
		}
	}, what);
	same('the page opens what core sealed', { ...request, keyBytes: publicKey }, await open({ id, code, sealed }));
	same('also when the code is written otherwise', { ...request, keyBytes: publicKey },
		await open({ id, code: ' ' + code.toLowerCase().replace(/-/g, ' ').replace(/0/g, 'o').replace(/1/g, 'l'), sealed }));
	const flip = (at) => sealed.slice(0, at) + (sealed[at] === '0' ? '1' : '0') + sealed.slice(at + 1);
	for (const at of [0, 23, 24, 5000, sealed.length - 1])
		same('one digit changed at ' + at, 'altered', await open({ id, code, sealed: flip(at) }));
	same('half of it', 'altered', await open({ id, code, sealed: sealed.slice(0, 8000) }));
	const [id2, secret2, code2] = ask(['new']).trim().split(' ');
	same('the code of another request is none', 'no code', await open({ id, code: code2, sealed }));
	same('another request of the same sender, put in its place', 'altered',
		await open({ id, code, sealed: ask(['seal', id2, secret2], JSON.stringify(request)).trim() }));
	same('a request that names another id', 'altered', await open({ id: id2, code: code2,
		sealed: ask(['seal', id2, secret2], JSON.stringify(request)).trim() }));
	same('a key that is no point', 'key', await open({ id, code, sealed: ask(['seal', id, secret], JSON.stringify({ ...request,
		key: Buffer.from('04' + '11'.repeat(64), 'hex').toString('base64') })).trim() }));
	same('a key that is too short', 'key', await open({ id, code, sealed: ask(['seal', id, secret], JSON.stringify({ ...request, key: 'AAAA' })).trim() }));
	same('a form that is not known yet', 'newer', await open({ id, code, sealed: ask(['seal', id, secret], JSON.stringify({ ...request, format: 2 })).trim() }));

	// ---- the page seals, core opens -------------------------------------------------------------------------------------
	const dir = fs.mkdtempSync(os.tmpdir() + '/candor-vectors-');
	const hash = execFileSync('sha256sum', { input: Buffer.from(sealed, 'hex') }).toString().slice(0, 64);
	const answer = { text: 'Réponse — إجابة', list: [1, 2, 3] };
	const lengths = new Set();
	for (let i = 0; i < 20; i++) {
		const sent = { ...answer, filling: 'x'.repeat(i * 1000) };
		const file = await page.evaluate(async ({ id, secret, sealed, key, sent }) => {
			const response = crypto.getRandomValues(new Uint8Array(16));
			return answerFile(unhex(id), response, await sealAnswer(unhex(id), unhex(secret), unhex(sealed), unhex(key), response, sent));
		}, { id, secret, sealed, key: publicKey, sent });
		fs.writeFileSync(dir + '/answer', file);
		lengths.add(file.length);
		same('core opens what the page sealed', sent, JSON.parse(ask(['open', id, secret, hash, key, dir + '/answer'])));
	}
	same('all answers have one length', 1, lengths.size);
	for (const [what, args] of [['another secret', [id, secret2, hash, key]], ['another request', [id, secret, '00'.repeat(32), key]]]) {
		let opened = true;
		try {
			execFileSync(oracle, ['open', ...args, dir + '/answer'], { stdio: 'pipe' });
		} catch (error) {
			opened = false;
		}
		must('the answer does not open with ' + what, !opened);
	}
	same('too long an answer is refused', 'long', await page.evaluate(async ({ id, secret, sealed, key }) =>
		sealAnswer(unhex(id), unhex(secret), unhex(sealed), unhex(key), new Uint8Array(16), { text: 'x'.repeat(24576) }).catch((error) => error.message),
	{ id, secret, sealed, key: publicKey }));
	fs.rmSync(dir, { recursive: true });
	console.log('sealing: ' + count() + ' statements hold');
} finally {
	await browser.close();
	server.close();
}
