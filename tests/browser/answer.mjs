// One guest, for scenarios: node tests/browser/answer.mjs URL WAY KIND [CODE] [OUT]
//   URL    a link, or a file:// that the guest was sent
//   WAY    send, save (OUT: the file that the guest gets), again (send twice: KIND, then no-record), look (prints what is shown)
//   KIND   of answer: drive.mjs; CODE: to open a file with, or -
// Prints what the page says in the end: "sent", "sent again", "saved", or "problem NAME".
import { KINDS, answered, fill, launch, open } from './drive.mjs';

const [url, way, kind, code, out] = process.argv.slice(2);
const browser = await launch();
try {
	const page = await open(browser, url);
	await page.waitForSelector('#answer, #problem, #code');
	if (code && code !== '-') {
		await page.fill('#code', code);
		await page.press('#code', 'Enter');
		await page.waitForSelector('#answer, #problem, #code-error');
	}
	const read = async (selector) => await page.locator(selector).count() > 0 ? page.locator(selector).getAttribute('data-problem') : null;
	const problem = await read('#problem');
	if (problem || await page.locator('#code-error').count() > 0) {
		console.log('problem ' + (problem || 'code'));
	} else if (way === 'look') {
		console.log(await page.locator('main').innerText());
	} else {
		await fill(page, KINDS[kind]);
		const download = way === 'save' ? page.waitForEvent('download') : null;
		await page.click(way === 'save' ? '#save' : '#send');
		if (download)
			await (await download).saveAs(out);
		await answered(page);
		const state = async () => await page.locator('#sent').count() > 0 ? 'sent' : await page.locator('#saved').count() > 0 ? 'saved' :
			'problem ' + (await read('#sending [data-problem]') || 'rules');
		let said = await state();
		if (way === 'again') {
			await page.click('#correct');
			await fill(page, KINDS['no-record']);
			await page.click('#send');
			await answered(page);
			said = await state() + ' again';
		}
		console.log(said);
	}
	if (page.faults.length > 0)
		throw new Error(page.faults.join('\n'));
	const origin = new URL(url).origin;
	const strangers = page.asked.filter((asked) => !url.startsWith('file:') && !asked.includes(origin) && !/ (data|blob):/.test(asked));
	if (strangers.length > 0)
		throw new Error('the page asked others: ' + strangers.join(' '));
} finally {
	await browser.close();
}
