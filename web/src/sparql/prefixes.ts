// PREFIX lines: where one that is missing goes.

import { declarations } from "./syntax.js";

export interface Change {
    from: number;
    to: number;
    insert: string;
}

/** What declares a prefix: among the others by its name, else before everything but comments. */
export function declaration(text: string, prefix: string, iri: string): Change {
    const line = `PREFIX ${prefix}: <${iri}>\n`;
    const there = declarations(text);
    const after = there.find((one) => one.prefix > prefix);
    const last = there.at(-1);
    if (after) {
        return at(after.from, line);
    }
    if (last) {
        return at(last.to, `\n${line.trimEnd()}`);
    }
    const comments = /^(?:[ \t]*#[^\n]*\n|[ \t]*\n)*/.exec(text)?.[0].length ?? 0;
    const base = /^BASE\s*<[^>]*>[ \t]*\n?/i.exec(text.slice(comments))?.[0].length ?? 0;
    const isApart = /^\s*(?:$|\n)/.test(text.slice(comments + base));
    return at(comments + base, isApart ? line : `${line}\n`);
}

const at = (place: number, insert: string): Change => ({ from: place, to: place, insert });
