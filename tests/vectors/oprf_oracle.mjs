// Our OPRF and that of @noble/curves agree on random inputs, each in the part of the node and of the trustee.
// node oprf_oracle.mjs DIR PROGRAM [ROUNDS]   (DIR/node_modules has @noble/curves; PROGRAM is oprf_oracle.c)
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { randomBytes, randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import assert from 'node:assert/strict';

const [dir, program, rounds = '20'] = process.argv.slice(2);
const nist = await import(pathToFileURL(resolve(dir, 'node_modules/@noble/curves/nist.js')));
const theirs = nist.p256_oprf.voprf;
const order = nist.p256.Point.Fn.ORDER;

const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

const hex = (bytes) => (bytes.length === 0 ? '-' : Buffer.from(bytes).toString('hex'));
const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const joined = (list) => hex(Buffer.concat(list));
const toNumber = (scalar) => BigInt('0x' + hex(scalar));
const toScalar = (number) => bytes((((number % order) + order) % order).toString(16).padStart(64, '0'));
const randomScalar = () => toScalar((toNumber(randomBytes(48)) % (order - 1n)) + 1n);
const split = (all) => Array.from({ length: all.length / 33 }, (_, i) => all.slice(33 * i, 33 * i + 33));

async function ours(...words) {
	child.stdin.write(words.join(' ') + '\n');
	const { value, done } = await answers.next();
	assert(!done, 'the program ended');
	return value;
}

async function hashing() {
	const message = randomBytes(randomInt(300));
	const tag = randomBytes(1 + randomInt(60)).toString('hex');
	const point = nist.p256_hasher.hashToCurve(message, { DST: tag }).toBytes(true);
	assert.equal(await ours('hash', hex(Buffer.from(tag)), hex(message)), hex(point));
}

// Their node, our trustee.
async function evaluating(inputs, key) {
	const blinds = inputs.map((input) => theirs.blind(input));
	const points = blinds.map((b) => b.blinded);
	const answer = bytes(await ours('evaluate', hex(key.secretKey), hex(randomScalar()), joined(points)));
	const evaluated = split(answer.slice(0, -64));
	const proof = answer.slice(-64);
	const items = inputs.map((input, i) => ({ input, ...blinds[i], evaluated: evaluated[i] }));
	const outputs = theirs.finalizeBatch(items, key.publicKey, proof);
	for (let i = 0; i < inputs.length; i++)
		assert.equal(await ours('finalize', hex(inputs[i]), hex(blinds[i].blind), hex(evaluated[i])), hex(outputs[i]));
	proof[randomInt(64)] ^= 1;
	assert.throws(() => theirs.finalizeBatch(items, key.publicKey, proof));
	return outputs;
}

// Our node, their trustee.
async function verifying(inputs, key, outputs) {
	const blinds = inputs.map(randomScalar);
	const points = [];
	for (let i = 0; i < inputs.length; i++)
		points.push(bytes(await ours('blind', hex(inputs[i]), hex(blinds[i]))));
	const { evaluated, proof } = theirs.blindEvaluateBatch(key.secretKey, key.publicKey, points);
	const words = [hex(key.publicKey), joined(points), joined(evaluated)];
	assert.equal(await ours('verify', ...words, hex(proof)), '01');
	for (let i = 0; i < inputs.length; i++)
		assert.equal(await ours('finalize', hex(inputs[i]), hex(blinds[i]), hex(evaluated[i])), hex(outputs[i]));
	proof[randomInt(64)] ^= 1;
	assert.equal(await ours('verify', ...words, hex(proof)), 'proof');
}

// Their key, dealt here to five of whom three answer; our node combines.
async function combining(input, key, output) {
	const coefficients = [toNumber(key.secretKey), toNumber(randomScalar()), toNumber(randomScalar())];
	const share = (x) => toScalar(coefficients.reduceRight((sum, c) => (sum * BigInt(x) + c) % order, 0n));
	const indices = [1, 2, 3, 4, 5].sort(() => randomInt(3) - 1).slice(0, 3);
	const blind = randomScalar();
	const point = bytes(await ours('blind', hex(input), hex(blind)));
	const partials = indices.map((x) => hex(nist.p256_oprf.oprf.blindEvaluate(share(x), point)));
	assert.equal(await ours('combine', hex(input), hex(blind), hex(indices), ...partials), hex(output));
}

for (let round = 0; round < Number(rounds); round++) {
	const inputs = Array.from({ length: 1 + randomInt(8) }, () => new Uint8Array(randomBytes(randomInt(200))));
	const key = theirs.generateKeyPair();
	await hashing();
	const outputs = await evaluating(inputs, key);
	await verifying(inputs, key, outputs);
	await combining(inputs[0], key, outputs[0]);
}
child.stdin.end();
console.log(`oprf_oracle: ${rounds} rounds agree with @noble/curves`);
