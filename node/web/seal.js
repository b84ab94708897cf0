'use strict';
// What the page needs of cryptography, over WebCrypto: HKDF, AES-256-GCM, HPKE base mode (RFC 9180), base 32, base 64.
// The bytes are explained in proto/PROTOCOL.md, "Guests"; node/member/guest_seal.c does the same on the other side.

const SECRET_LEN = 16, ID_LEN = 16, CHECK_LEN = 2, KEY_LEN = 65, NONCE_LEN = 12, TAG_LEN = 16;
const REQUEST_PLAIN_LEN = 8192, REQUEST_SEALED_LEN = NONCE_LEN + REQUEST_PLAIN_LEN + TAG_LEN;
const ANSWER_PLAIN_LEN = 24576, ANSWER_SEALED_LEN = ANSWER_PLAIN_LEN + KEY_LEN + TAG_LEN;
const KEM_SUITE = [75, 69, 77, 0, 16];                  // "KEM", DHKEM(P-256, HKDF-SHA256)
const AES_256_GCM = 2;

const utf8 = (text) => new TextEncoder().encode(text);

// One array of bytes from texts, numbers' bytes and arrays.
function join(...parts) {
	const arrays = parts.map((part) => typeof part === 'string' ? utf8(part) : Uint8Array.from(part));
	const out = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0));
	let at = 0;
	for (const array of arrays) {
		out.set(array, at);
		at += array.length;
	}
	return out;
}

function same(a, b) {
	return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest('SHA-256', join(...parts)));

async function hmac(key, data) {
	// WebCrypto refuses an empty key; zeros up to the length of the hash are the same key (RFC 2104 section 2).
	const bytes = key.length === 0 ? new Uint8Array(32) : key;
	const handle = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
	return new Uint8Array(await crypto.subtle.sign('HMAC', handle, data));
}

// RFC 5869 section 2.3, of at most 255 blocks; ours take one or two.
async function expand(prk, info, len) {
	let out = new Uint8Array(0), block = out;
	for (let count = 1; out.length < len; count++) {
		block = await hmac(prk, join(block, info, [count]));
		out = join(out, block);
	}
	return out.slice(0, len);
}

const hkdf = async (secret, info) => expand(await hmac(new Uint8Array(0), secret), info, 32);

// RFC 9180 section 4, LabeledExtract and LabeledExpand.
const labeledExtract = (suite, salt, label, ikm) => hmac(salt, join('HPKE-v1', suite, label, ikm));
const labeledExpand = (suite, prk, label, info, len) =>
	expand(prk, join([len >> 8, len & 255], 'HPKE-v1', suite, label, info), len);

const curve = { name: 'ECDH', namedCurve: 'P-256' };
const readKey = (bytes) => crypto.subtle.importKey('raw', bytes, curve, true, []);

// RFC 9180 section 4.1, Encap: what both sides share, and the ephemeral public key that takes it there.
async function encap(receiver, ephemeral) {
	const pair = ephemeral || await crypto.subtle.generateKey(curve, true, ['deriveBits']);
	const enc = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
	const peer = await readKey(receiver);
	const dh = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: peer }, pair.privateKey, 256));
	const eae = await labeledExtract(KEM_SUITE, [], 'eae_prk', dh);
	return { enc, shared: await labeledExpand(KEM_SUITE, eae, 'shared_secret', join(enc, receiver), 32) };
}

// RFC 9180 section 5.1, KeySchedule in base mode.
async function keySchedule(aead, keyLen, shared, info) {
	const suite = join('HPKE', [0, 16, 0, 1, 0, aead]);
	const context = join([0], await labeledExtract(suite, [], 'psk_id_hash', []),
		await labeledExtract(suite, [], 'info_hash', info));
	const secret = await labeledExtract(suite, shared, 'secret', []);
	return {
		key: await labeledExpand(suite, secret, 'key', context, keyLen),
		nonce: await labeledExpand(suite, secret, 'base_nonce', context, NONCE_LEN),
	};
}

async function gcm(operation, key, nonce, ad, data) {
	const handle = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, [operation]);
	return new Uint8Array(await crypto.subtle[operation]({ name: 'AES-GCM', iv: nonce, additionalData: ad }, handle, data));
}

// RFC 9180 section 6.1, SealBase: encapsulated key, ciphertext, tag.
async function hpkeSeal(receiver, info, ad, plain, ephemeral, aead = AES_256_GCM, keyLen = 32) {
	const { enc, shared } = await encap(receiver, ephemeral);
	const { key, nonce } = await keySchedule(aead, keyLen, shared, info);
	return join(enc, await gcm('encrypt', key, nonce, ad, plain));
}

// ---- text forms ---------------------------------------------------------------------------------------------------

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

// Crockford's base 32 as core/bytes.h reads it: case, dashes and blanks do not matter; O is 0, I and L are 1. Null: it is none.
function readBase32(text, len) {
	const out = new Uint8Array(len);
	let bits = 0, held = 0, at = 0;
	for (let letter of text.toUpperCase().replace(/[\s-]/g, '')) {
		letter = letter === 'O' ? '0' : letter === 'I' || letter === 'L' ? '1' : letter;
		const value = DIGITS.indexOf(letter);
		if (value < 0 || at > len)
			return null;
		held = held << 5 | value;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			if (at < len)
				out[at] = held >> bits;
			at++;
			held &= (1 << bits) - 1;
		}
	}
	return at === len && bits < 5 && held === 0 ? out : null;
}

function writeBase32(bytes) {
	let bits = 0, held = 0, out = '';
	for (const byte of bytes) {
		held = held << 8 | byte;
		for (bits += 8; bits >= 5; held &= (1 << bits) - 1) {
			bits -= 5;
			out += DIGITS[held >> bits];
		}
	}
	out += bits > 0 ? DIGITS[held << 5 - bits] : '';
	return out.replace(/.{5}(?=.)/g, '$&-');
}

const writeBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

function readBase64(text) {
	try {
		return Uint8Array.from(atob(text.replace(/\s/g, '')), (letter) => letter.charCodeAt(0));
	} catch (error) {
		return new Uint8Array(0);
	}
}

// ---- the request ----------------------------------------------------------------------------------------------------

// The code that a person types or a link carries: the secret and a short check against slips. Null: it is not of this request.
async function readCode(text, id) {
	const bytes = readBase32(text, SECRET_LEN + CHECK_LEN);
	if (bytes === null)
		return null;
	const secret = bytes.slice(0, SECRET_LEN);
	const hash = await sha256('candor/1 guest code\0', id, secret);
	return same(bytes.slice(SECRET_LEN), hash.slice(0, CHECK_LEN)) ? secret : null;
}

// What was padded to one size: its length in four bytes, itself, zeros. Null: it is not of that form.
function unpad(plain) {
	const len = new DataView(plain.buffer).getUint32(0);
	if (len > plain.length - 4 || plain.subarray(4 + len).some((byte) => byte !== 0))
		return null;
	return plain.slice(4, 4 + len);
}

function pad(data, size) {
	const plain = new Uint8Array(size);
	if (data.length > size - 4)
		return null;
	new DataView(plain.buffer).setUint32(0, data.length);
	plain.set(data, 4);
	return plain;
}

// Marks that turn the direction of writing round: a name that holds one could make the sentence around it say something else.
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

// A text of the request as it may be shown: on one line, in the direction of its letters.
const tame = (unused, value) => typeof value !== 'string' ? value : value.replace(TURNING, '').replace(/[\s\x00-\x1f\x7f-\x9f]+/g, ' ');

// The request that ${sealed} holds, with its public key as bytes. Throws 'altered' if it does not open under this secret,
// 'key' if the key in it is none, 'newer' if this page cannot read it.
async function openRequest(id, secret, sealed) {
	const ad = join('candor/1 guest request\0', id);
	let plain, request;
	if (sealed.length !== REQUEST_SEALED_LEN)
		throw new Error('altered');
	try {
		plain = unpad(await gcm('decrypt', await hkdf(secret, ad), sealed.slice(0, NONCE_LEN), ad, sealed.slice(NONCE_LEN)));
		request = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plain), tame);
	} catch (error) {
		throw new Error('altered');
	}
	if (request.format !== 1)
		throw new Error('newer');
	const number = readBase32(String(request.request_id), ID_LEN);
	if (number === null || !same(number, id))
		throw new Error('altered');
	const key = readBase64(String(request.key));
	try {
		if (key.length !== KEY_LEN)
			throw new Error();
		await readKey(key);
	} catch (error) {
		throw new Error('key');
	}
	return { ...request, keyBytes: key };
}

// ---- the answer -------------------------------------------------------------------------------------------------------

// Seal an answer to the key of the request, so that it opens as the answer to this request alone, from somebody who had its secret.
async function sealAnswer(id, secret, sealedRequest, receiver, responseId, answer, ephemeral) {
	const plain = pad(utf8(JSON.stringify(answer)), ANSWER_PLAIN_LEN);
	if (plain === null)
		throw new Error('long');
	const label = join('candor/1 guest answer\0', id);
	const info = join(label, await hkdf(secret, label), await sha256(sealedRequest));
	return hpkeSeal(receiver, info, join(id, responseId), plain, ephemeral);
}

const FILE_BEGIN = '-----BEGIN CANDOR GUEST ANSWER-----', FILE_END = '-----END CANDOR GUEST ANSWER-----';

// The same for a file or an e-mail: lines that survive quoting.
function answerFile(id, responseId, sealed) {
	const lines = writeBase64(join([1], id, responseId, sealed)).replace(/.{76}/g, '$&\n');
	return FILE_BEGIN + '\n' + lines + '\n' + FILE_END + '\n';
}
