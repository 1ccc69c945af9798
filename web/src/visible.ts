// Text from elsewhere as a page shows it, as kg.serve.visible does it for what the server writes:
// what nobody could see in it stands there as U+FFFD.

const UNSEEN = /(?![\t\n\r])[\p{Cc}\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]/gu;

export function visible(text: string): string {
    return text.replace(UNSEEN, "\ufffd");
}
