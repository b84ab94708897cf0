// A proxy in front of a hub's guest listener that does what its operator wants: node tests/browser/lying_proxy.mjs PORT HUB-PORT CERTIFICATE KEY LIE
//   LIE   a file that says what is altered from now on: nothing; "page" (another script in it), "comment" (one letter), "request" (a bit of it),
//         "other" (the request that was fetched before), "drop" (answers are thanked for and thrown away), "gone" (every request is over)
// It says "ready" when it serves. Visitors' addresses are told as X-Forwarded-For.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const [port, hubPort, certificate, key, lieFile] = process.argv.slice(2);
const lie = () => fs.existsSync(lieFile) ? fs.readFileSync(lieFile, 'utf8').trim() : '';
let kept = null;

function twist(path, status, body) {
	const now = lie();
	if (path === '/guest' && now === 'page')
		return [status, Buffer.from(body.toString().replace('begin();', 'begin();window.leak=1;'))];
	if (path === '/guest' && now === 'comment')
		return [status, Buffer.from(body.toString().replace('</html>', '</html>\n'))];
	if (path === '/guest/request' && now === 'gone')
		return [404, Buffer.alloc(0)];
	if (path === '/guest/request' && status === 200) {
		const before = kept || body;
		kept = body;
		if (now === 'other')
			return [status, before];
		if (now === 'request') {
			body[1000] ^= 4;
			return [status, body];
		}
	}
	return [status, body];
}

https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, (request, response) => {
	const chunks = [];
	request.on('data', (chunk) => chunks.push(chunk));
	request.on('end', () => {
		const body = Buffer.concat(chunks);
		if (request.url === '/guest/answer' && lie() === 'drop')
			return response.end();
		const headers = { ...request.headers, 'accept-encoding': 'identity', 'x-forwarded-for': request.headers['x-forwarded-for'] || request.socket.remoteAddress };
		const inner = http.request({ host: '127.0.0.1', port: hubPort, method: request.method, path: request.url, headers }, (answer) => {
			const parts = [];
			answer.on('data', (part) => parts.push(part));
			answer.on('end', () => {
				const [status, bytes] = twist(request.url, answer.statusCode, Buffer.concat(parts));
				const fields = { ...answer.headers, 'content-length': bytes.length };
				if (lie() === 'page')
					delete fields['content-security-policy'];
				response.writeHead(status, fields);
				response.end(bytes);
			});
		});
		inner.on('error', () => { response.writeHead(502); response.end(); });
		return inner.end(body);
	});
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
